import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf, stackOf } from '../../util/messageOf.js';
import { httpActionOf } from '../faults/faultActions.js';
import type { HttpAction } from '../faults/faults.js';
import type { Gateway } from '../gateway.js';
import { answerOf, readRequest, withoutToken } from './apiRoute.js';
import { errorAnswer, type HttpAnswer, jsonAnswer, readTarget, refusalAnswer } from './httpAnswer.js';

const API_PATH = /^\/api(?:\/v\d+)?(?=\/)/;
const GATEWAY_ROUTE = /^\/api(?:\/v(?:9|10))?\/gateway(\/bot)?$/;

/**
 * Answers `GET /gateway` and `GET /gateway/bot`, and lets the option `api` answer other requests.
 *
 * See [Discord Docs/Get Gateway Bot](https://docs.discord.com/developers/events/gateway#get-gateway-bot).
 */
export function serveApi(gateway: Gateway, request: IncomingMessage, response: ServerResponse): void {
  const { path } = readTarget(request.url);
  const route = GATEWAY_ROUTE.exec(path);
  if (route === null) void serveOther(gateway, { request, response, path });
  else serveGateway(gateway, { request, response, path, isBot: route[1] !== undefined });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path of the request, without the query. */
  readonly path: string;
}

/** Answers a request for the gateway, or commits a fault that is planned for it. */
function serveGateway(gateway: Gateway, exchange: Exchange & { readonly isBot: boolean }): void {
  const fault = gateway.faults.take('api', { shardId: null, url: null });
  if (fault !== null) gateway.recorder.addLogEntry({ kind: 'fault', connection: null, shardId: null, fault });
  const action = fault === null ? null : httpActionOf(fault);
  const finish = (): void => {
    const outcome = act(action, exchange, () => gatewayAnswer(gateway, exchange.request, exchange.isBot));
    logRequest(gateway, exchange, outcome);
  };
  if (fault?.delay === undefined) finish();
  else gateway.timers.after(fault.delay, finish);
}

function act(
  action: HttpAction | null,
  { request, response }: Exchange,
  usual: () => HttpAnswer,
): number | 'hang' | 'reset' {
  if (action !== null && 'hang' in action) return 'hang';
  if (action !== null && 'reset' in action) {
    request.socket.resetAndDestroy();
    return 'reset';
  }
  return write(response, action === null ? usual() : refusalAnswer(action));
}

function gatewayAnswer({ identifyGate, options, url }: Gateway, request: IncomingMessage, isBot: boolean): HttpAnswer {
  if (request.method !== 'GET') return errorAnswer(405);
  if (!isBot) return jsonAnswer(200, { url });
  const { authorization = '' } = request.headers;
  if (!authorization.startsWith('Bot ') || !options.acceptsToken(authorization.slice('Bot '.length)))
    return errorAnswer(401);
  const { total, remaining, resetAfter } = identifyGate.budget(options.now());
  const limit = { total, remaining, reset_after: resetAfter, max_concurrency: options.maxConcurrency };
  return jsonAnswer(200, { url, shards: options.shards, session_start_limit: limit });
}

/** Answers a request with the option `api`. An error of the test's own code must not end the gateway. */
async function serveOther(gateway: Gateway, exchange: Exchange): Promise<void> {
  let answer: HttpAnswer;
  try {
    answer = await routeAnswer(gateway, exchange);
  } catch (error) {
    const { request, path } = exchange;
    // The client aborted the request while its body was read: no answer is awaited.
    if (request.errored !== null) return;
    process.emitWarning(
      `The simulator's option \`api\` failed for ${request.method} ${withoutToken(path)}: ${messageOf(error)}. It was answered with 500.`,
      { type: 'ShardchartWarning', detail: stackOf(error) },
    );
    answer = errorAnswer(500);
  }
  logRequest(gateway, exchange, write(exchange.response, answer));
}

/** @throws what the option `api` throws. */
async function routeAnswer({ options }: Gateway, { request, path }: Exchange): Promise<HttpAnswer> {
  const prefix = API_PATH.exec(path)?.[0];
  if (prefix === undefined) return errorAnswer(404);
  const { authorization } = request.headers;
  // Interaction callbacks and webhooks carry their token in the path, and no header.
  if (authorization?.startsWith('Bot ') === true && !options.acceptsToken(authorization.slice('Bot '.length)))
    return errorAnswer(401);
  const read = await readRequest(request, path.slice(prefix.length));
  if (read === null) return errorAnswer(413);
  const answer = await options.api(read);
  return answer === undefined ? errorAnswer(404) : answerOf(answer);
}

function write(response: ServerResponse, { status, headers, body }: HttpAnswer): number {
  response.writeHead(status, headers).end(body);
  return status;
}

function logRequest({ recorder }: Gateway, { request, path }: Exchange, outcome: number | 'hang' | 'reset'): void {
  recorder.addLogEntry({ kind: 'api', method: request.method ?? 'GET', path: withoutToken(path), outcome });
}
