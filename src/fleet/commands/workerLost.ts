import { ShardError } from '../../util/errors.js';

/** The error of a command whose worker is gone, or whose answer is lost. */
export const workerLost = (owner: string) =>
  new ShardError(
    'WORKER_LOST',
    `Worker ${owner} is gone, or its answer is lost: it may have run the command. Call again, another worker takes its shards.`,
    { value: owner },
  );

/** The error of a command that its worker has not run, and never will: another worker may be asked. */
export class NotRunError extends ShardError {
  constructor(owner: string) {
    super('WORKER_LOST', `Worker ${owner} does not read its messages and has not run the command. Call again.`, {
      value: owner,
    });
  }
}
