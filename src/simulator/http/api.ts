import type { IncomingMessage, ServerResponse } from 'node:http';
import { httpActionOf } from '../faults/faultActions.js';
import type { HttpAction } from '../faults/faults.js';
import type { Gateway } from '../gateway.js';
import { errorAnswer, type HttpAnswer, jsonAnswer, readTarget, refusalAnswer } from './httpAnswer.js';

const ROUTE = /^\/api(?:\/v(?:9|10))?\/gateway(\/bot)?$/;

/**
 * Answers `GET /gateway` and `GET /gateway/bot`.
 *
 * See [Discord Docs/Get Gateway Bot](https://docs.discord.com/developers/events/gateway#get-gateway-bot).
 */
export function serveApi(gateway: Gateway, request: IncomingMessage, response: ServerResponse): void {
  const { path } = readTarget(request.url);
  const route = ROUTE.exec(path);
  const fault = route === null ? null : gateway.faults.take('api', { shardId: null, url: null });
  if (fault !== null) {
    gateway.recorder.addLogEntry({ kind: 'fault', connection: null, shardId: null, fault });
  }
  const action = fault === null ? null : httpActionOf(fault);
  const finish = (): void => {
    const outcome = act(action, request, response, () =>
      route === null ? errorAnswer(404) : answer(gateway, request, route),
    );
    gateway.recorder.addLogEntry({ kind: 'api', path, outcome });
  };
  if (fault?.delay === undefined) finish();
  else gateway.timers.after(fault.delay, finish);
}

function act(
  action: HttpAction | null,
  request: IncomingMessage,
  response: ServerResponse,
  usual: () => HttpAnswer,
): number | 'hang' | 'reset' {
  if (action !== null && 'hang' in action) return 'hang';
  if (action !== null && 'reset' in action) {
    request.socket.resetAndDestroy();
    return 'reset';
  }
  const { status, headers, body } = action === null ? usual() : refusalAnswer(action);
  response.writeHead(status, headers).end(body);
  return status;
}

function answer({ identifyGate, options, url }: Gateway, request: IncomingMessage, route: RegExpExecArray): HttpAnswer {
  if (request.method !== 'GET') return errorAnswer(405);
  if (route[1] === undefined) return jsonAnswer(200, { url });
  const { authorization = '' } = request.headers;
  if (!authorization.startsWith('Bot ') || !options.acceptsToken(authorization.slice('Bot '.length)))
    return errorAnswer(401);
  const { total, remaining, resetAfter } = identifyGate.budget(options.now());
  const limit = { total, remaining, reset_after: resetAfter, max_concurrency: options.maxConcurrency };
  return jsonAnswer(200, { url, shards: options.shards, session_start_limit: limit });
}
