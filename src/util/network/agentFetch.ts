import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { agentFor } from './agentFor.js';

/** The part of `fetch` that one GET needs. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>;

export interface FetchInit {
  readonly headers: Readonly<Record<string, string>>;
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

/** A `fetch` over the connections of an agent, which Node's own cannot take. Follows no redirect. */
export function agentFetch(agent: object | 'env'): Fetch {
  return (url, { headers, signal }) =>
    new Promise((resolve, reject) => {
      const send = url.startsWith('https:') ? httpsRequest : httpRequest;
      const used = agentFor(agent, url);
      const request = send(url, { headers, signal, ...(used !== undefined && { agent: used }) }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const { statusCode = 0, headers: answered } = response;
          const fields = Object.entries(answered).flatMap(([name, value]) =>
            value === undefined ? [] : [[name, String(value)] as [string, string]],
          );
          // A Response of these has no body.
          const body = statusCode === 204 || statusCode === 304 ? null : Buffer.concat(chunks).toString();
          resolve(new Response(body, { status: statusCode, headers: fields }));
        });
      });
      request.once('error', reject);
      // A tunnel that is not open yet belongs to no request.
      if (agent === 'env') signal.addEventListener('abort', () => used?.destroy(), { once: true });
      request.end();
    });
}
