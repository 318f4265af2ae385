import type { Reporter, TestModule } from 'vitest/node';
import { chromiumPath, howToInstall } from '../../visualizations/chromium.js';

/** Says at the very end, where it is not overlooked, what was skipped for want of a browser. */
export default class BrowserReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (chromiumPath !== null) return;
    const ours = modules.filter(({ moduleId }) => moduleId.includes('/test/browser/'));
    const skipped = ours.reduce((sum, { children }) => sum + [...children.allTests('skipped')].length, 0);
    if (skipped === 0) return;
    process.stderr.write(
      `\nSKIPPED: ${skipped} tests of the live page in a browser, for there is no Chromium here. ${howToInstall}\n`,
    );
  }
}
