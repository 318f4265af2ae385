import type { Shard } from '../../../shard/shard.js';
import { openAuditLog } from '../audit/openAuditLog.js';
import { ExitCode } from '../../exitCode.js';
import { gatewayUrlFrom, tokenFrom } from '../../environment.js';
import { GrowingGroup, openInspector, type InspectChoice } from '../../openInspector.js';
import { onInterrupt } from '../../terminal/interrupt.js';
import { createOutput, type Output } from '../../terminal/output.js';
import { chapters } from './chapters.js';
import { showDiscord } from './discord.js';
import { playStory } from './story.js';

/** Hard limit for the whole demo, should any other limit fail. */
const GUARD_MS = 28_500;

/** Options of `shardchart demo`, as the command line has them. */
export interface DemoOptions extends InspectChoice {
  readonly audit?: string;
}

/** `shardchart demo`: plays the story on the simulator, or with DISCORD_TOKEN set shows one shard on Discord. */
export async function demo({ audit, inspect }: DemoOptions): Promise<number> {
  const output = createOutput(process.stdout);
  await using auditLog = openAuditLog(audit, (message) => output.line(message));
  const token = tokenFrom(process.env);
  const shown = new GrowingGroup();
  const warn = (message: string) => output.line(message);
  await using inspector = await openInspector({ ...(inspect !== undefined && { inspect }) }, shown, { token, warn });
  if (inspector !== null) output.line(`inspector at ${inspector.url}`);
  const onShard = (shard: Shard) => {
    auditLog?.attach(shard);
    shown.add(shard);
  };
  const interrupt = onInterrupt();
  try {
    if (token !== null)
      return await showDiscord({ token, url: gatewayUrlFrom(process.env) }, output, interrupt, onShard);
    const guard = setTimeout(() => {
      output.line(`The demo did not end within ${GUARD_MS / 1_000} s. The last lines show where it stopped.`);
      process.exit(ExitCode.Failed);
    }, GUARD_MS);
    try {
      return await playStory(chapters, output, interrupt, onShard);
    } finally {
      // A clean-up that leaves something open would keep the process alive; the guard still ends it then.
      guard.unref();
    }
  } finally {
    interrupt.dispose();
    if (audit !== undefined) printLogHint(audit, output);
  }
}

function printLogHint(file: string, { colors, line }: Output): void {
  line();
  line(`Read the audit log: ${colors.bold(`npx shardchart audit ${quoted(file)}`)}. Add --verify to replay it.`);
}

/** Quotes a path for a shell. */
function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`;
}
