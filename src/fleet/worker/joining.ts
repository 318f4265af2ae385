import { fromCallback, type EventObject } from 'xstate';
import type { JoiningReport } from '../../../machines/worker.js';

/** The actor `joining` of the worker's chart: runs `join`, and tells how it ended. */
export const joiningLogic = (join: (signal: AbortSignal) => Promise<void>, onError: (error: unknown) => void) =>
  fromCallback<EventObject, undefined, JoiningReport & EventObject>(({ sendBack }) => {
    const abort = new AbortController();
    const send = (report: JoiningReport) => {
      if (!abort.signal.aborted) sendBack(report);
    };
    join(abort.signal).then(
      () => send({ type: 'worker.joined' }),
      (error: unknown) => {
        onError(error);
        send({ type: 'worker.refused' });
      },
    );
    return () => abort.abort(new Error('The worker no longer waits for a place in the fleet.'));
  });

/** The actor `signingOff`: runs `leave`. The worker is gone even where Redis was not told: its lease ends by itself. */
export const signingOffLogic = (leave: () => Promise<void>) =>
  fromCallback<EventObject, undefined, { type: 'worker.left' }>(({ sendBack }) => {
    const left = () => sendBack({ type: 'worker.left' });
    leave().then(left, left);
  });
