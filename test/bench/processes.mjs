// Starts the processes of the benchmark and talks with them: messages have a type, and each is waited for once.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TIMEOUT_MS = 180_000;

class Process {
  #child;
  #said = [];
  #waiting = null;
  #name;

  constructor(file, options, execArgv) {
    this.#name = `${file} ${options.client ?? ''}`.trim();
    const path = fileURLToPath(new URL(file, import.meta.url));
    this.#child = fork(path, [JSON.stringify(options)], { execArgv });
    this.#child.on('message', (message) => {
      this.#said.push(message);
      this.#waiting?.look();
    });
    this.#child.on('exit', (code, signal) => this.#waiting?.fail(`ended with ${signal ?? code}`));
  }

  /** The next message of this type; what came before it is passed over. */
  async next(type) {
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        const fail = (what) => reject(new Error(`${this.#name}, asked for "${type}", ${what}`));
        const look = () => {
          while (this.#said.length > 0) {
            const message = this.#said.shift();
            if (message.type === type) return resolve(message);
          }
        };
        timer = setTimeout(fail, TIMEOUT_MS, `said nothing for ${TIMEOUT_MS / 1_000} s`);
        this.#waiting = { look, fail };
        look();
      });
    } finally {
      clearTimeout(timer);
      this.#waiting = null;
    }
  }

  tell(message) {
    this.#child.send(message);
  }

  async ask(message, type = message.type) {
    this.tell(message);
    return this.next(type);
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

export async function withServer(options, body) {
  const server = new Process('server.mjs', options, []);
  try {
    const { port, messages, bytes } = await server.next('listening');
    return await body({ server, url: `ws://127.0.0.1:${port}`, messages, bytes });
  } finally {
    await server.stop();
  }
}

/** Throws where not all have asked for this: a client that cannot inflate may fall back without a word. */
export async function expectAsked(server, client, compression) {
  const { compressions } = await server.ask({ type: 'asked' });
  if (compressions.join() !== compression) {
    throw new Error(`${client} was to ask for ${compression} and asked for ${compressions.join(' and ') || 'nothing'}`);
  }
}

/** For collections at a moment of the benchmark's choice. */
export const GC = ['--expose-gc'];

export async function withClient(options, body, execArgv = GC) {
  const client = new Process('client.mjs', options, execArgv);
  try {
    return await body(client);
  } finally {
    await client.stop();
  }
}
