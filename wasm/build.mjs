// Compiles this folder to src/actors/inflate/wasmModule.ts: `npm run build:wasm`. With `--check` it tells whether that was done.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const SOURCE = new URL('inflate.ts', import.meta.url);
const MODULE = new URL('../src/actors/inflate/wasmModule.ts', import.meta.url);

async function compile() {
  let bytes;
  const { error, stderr } = await main(
    [fileURLToPath(SOURCE), '--outFile', 'inflate.wasm', '-O3', '--runtime', 'stub', '--noAssert'],
    { writeFile: (_, contents) => (bytes = contents) },
  );
  if (error) throw new Error(stderr.toString(), { cause: error });
  return `// Generated from wasm/ by \`npm run build:wasm\`.\nexport const INFLATE_MODULE =\n  '${Buffer.from(bytes).toString('base64')}';\n`;
}

const module = await compile();
if (!process.argv.includes('--check')) await writeFile(MODULE, module);
else if ((await readFile(MODULE, 'utf8')) === module) console.log('as it is compiled');
else throw new Error('src/actors/inflate/wasmModule.ts is not what wasm/ compiles to: npm run build:wasm');
