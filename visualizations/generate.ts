/** Writes the pictures of the charts: `npm run visualize`. A test fails while they are stale. */
import { writeFileSync } from 'node:fs';
import { pictures } from './pictures.js';

const root = new URL('../../', import.meta.url);

for (const { file, contents } of await pictures()) writeFileSync(new URL(file, root), contents);
