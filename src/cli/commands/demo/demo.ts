import type { Shard } from '../../../shard/shard.js';
import { openAuditLog } from '../audit/openAuditLog.js';
import { ExitCode } from '../../exitCode.js';
import { gatewayUrl, tokenFrom } from '../../environment.js';
import { GrowingGroup, openInspector, type InspectChoice } from '../../openInspector.js';
import { onInterrupt } from '../../terminal/interrupt.js';
import { createOutput, type Output } from '../../terminal/output.js';
import { chapters } from './chapters.js';
import { showDiscord } from './discord.js';
import { tellStory } from './story.js';

/** Whatever else fails, the story does not outlast this. */
const GUARD_MS = 28_500;

/** Options of `shardchart demo`, as the command line has them. */
export interface DemoOptions extends InspectChoice {
  readonly audit?: string;
}

/** `shardchart demo`: the story on the simulator, or with DISCORD_TOKEN set one shard on Discord. */
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
    if (token !== null) return await showDiscord({ token, url: gatewayUrl(process.env) }, output, interrupt, onShard);
    const guard = setTimeout(() => {
      output.line(`The demo has not ended by itself within ${GUARD_MS / 1_000} s: the last lines say where it stands.`);
      process.exit(ExitCode.Failed);
    }, GUARD_MS);
    try {
      return await tellStory(chapters, output, interrupt, onShard);
    } finally {
      // A clean-up that leaves something running would keep the process alive: then the guard still ends it.
      guard.unref();
    }
  } finally {
    interrupt.dispose();
    if (audit !== undefined) tellOfLog(audit, output);
  }
}

function tellOfLog(file: string, { colors, line }: Output): void {
  line();
  line(`The audit log of this: ${colors.bold(`npx shardchart audit ${quoted(file)}`)}, and with --verify its proof.`);
}

/** As a shell wants it. */
function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`;
}
