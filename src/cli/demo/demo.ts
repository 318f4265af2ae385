import { ExitCode } from '../exitCode.js';
import { gatewayUrl, tokenFrom } from '../environment.js';
import { onInterrupt } from '../interrupt.js';
import { createOutput } from '../output.js';
import { chapters } from './chapters.js';
import { showDiscord } from './discord.js';
import { tellStory } from './story.js';

/** Whatever else fails, the story does not outlast this. */
const GUARD_MS = 28_500;

/** `shardchart demo`: the story on the simulator, or with DISCORD_TOKEN set one shard on Discord. */
export async function demo(): Promise<number> {
  const output = createOutput(process.stdout);
  const interrupt = onInterrupt();
  const token = tokenFrom(process.env);
  try {
    if (token !== null) return await showDiscord({ token, url: gatewayUrl(process.env) }, output, interrupt);
    const guard = setTimeout(() => {
      output.line(`The demo has not ended by itself within ${GUARD_MS / 1_000} s: the last lines say where it stands.`);
      process.exit(ExitCode.Failed);
    }, GUARD_MS);
    try {
      return await tellStory(chapters, output, interrupt);
    } finally {
      // A clean-up that leaves something running would keep the process alive: then the guard still ends it.
      guard.unref();
    }
  } finally {
    interrupt.dispose();
  }
}
