import type { CommandName, Setup, ShardKey } from '../messages.js';
import { element, setText } from './dom.js';
import type { Model, News } from './model.js';
import type { View } from './view.js';

interface Command {
  readonly label: string;
  readonly does: string;
  /** True for a command that a shard which is down takes, false for one that it does not take; absent for any shard. */
  readonly whenDown?: boolean;
  /** Question to confirm a command that costs something. */
  readonly question?: string;
}

const COMMANDS: Readonly<Record<CommandName, Command>> = {
  connect: { label: 'Connect', does: 'Connects the shard where it is down', whenDown: true },
  reconnect: { label: 'Reconnect', does: 'Drops the connection and resumes' },
  reinstantiate: {
    label: 'New session',
    does: 'Drops the connection and the session, and identifies',
    question: 'The session is dropped: events until the next READY are lost, and one of the day’s identifies is spent.',
  },
  close: {
    label: 'Close',
    does: 'Closes the connection and stays down',
    whenDown: false,
    question: 'The shard goes offline and its session ends. It stays down until it is connected again.',
  },
};

const FAULTS: Readonly<Record<string, string>> = {
  drop: 'Cut the connection',
  zombie: 'Go silent',
  op7: 'Ask to reconnect',
  op9: 'Invalid session, resumable',
  'op9!': 'Invalid session',
  corrupt: 'Corrupt stream',
  lose: 'Forget the session',
  op1: 'Ask for a heartbeat',
};

/** Buttons for the selected shard; hidden where the server offers no controls. */
export class ControlsView implements View {
  readonly #host: HTMLElement;
  readonly #status = element('p', { role: 'status', class: 'status' });
  readonly #commands = new Map<CommandName, HTMLButtonElement>();
  #key: ShardKey | null = null;

  constructor(host: HTMLElement, { controls }: Setup) {
    this.#host = host;
    host.hidden = true;
    if (controls === null) return;
    const commands = controls.commands.map((name) => this.#command(name, COMMANDS[name]));
    const faults = controls.faults.map((name) =>
      this.#button(FAULTS[name] ?? name, `Fault of the simulated gateway: ${name}`, () =>
        this.#post(`faults/${encodeURIComponent(name)}`, FAULTS[name] ?? name),
      ),
    );
    host.append(
      element('div', { class: 'group', role: 'group', 'aria-label': 'Commands' }, ...commands),
      this.#status,
      ...(faults.length === 0
        ? []
        : [element('fieldset', { class: 'group' }, element('legend', {}, 'Faults (simulator)'), ...faults)]),
    );
  }

  draw(model: Model, { selection, fleet, moved }: News): void {
    if (!selection && !fleet && moved.size === 0) return;
    this.#offer(model);
    if (this.#key !== model.selected) setText(this.#status, '');
    this.#key = model.selected;
    this.#host.hidden = model.setup.controls === null || this.#key === null || !model.shards.has(this.#key);
  }

  #command(name: CommandName, { label, does, question }: Command): HTMLElement {
    const run = () => this.#post(`commands/${name}`, label);
    const button = this.#button(label, does, () => {
      if (button.getAttribute('aria-disabled') === 'true') return;
      if (question === undefined) run();
      else this.#ask(label, question, run);
    });
    this.#commands.set(name, button);
    return button;
  }

  /** Disables the commands that the selected shard does not take now. They keep the focus: a key may have pressed one. */
  #offer(model: Model): void {
    const shard = model.selected === null ? undefined : model.shards.get(model.selected);
    if (shard === undefined) return;
    const state = model.nameOf(shard.state);
    const isDown = state === 'Offline' || state === 'fatal';
    for (const [name, button] of this.#commands) {
      const { whenDown = isDown } = COMMANDS[name];
      button.setAttribute('aria-disabled', String(whenDown !== isDown));
    }
  }

  #button(label: string, title: string, act: () => void): HTMLButtonElement {
    return element('button', { type: 'button', title, onclick: act }, label);
  }

  #ask(label: string, question: string, run: () => void): void {
    const dialog = element(
      'dialog',
      { 'aria-labelledby': 'question' },
      element(
        'form',
        { method: 'dialog' },
        element('h2', { id: 'question' }, `${label}: shard ${this.#key ?? ''}?`),
        element('p', {}, question),
        element(
          'div',
          { class: 'group' },
          element('button', { value: 'no' }, 'Cancel'),
          element('button', { value: 'yes', class: 'strong' }, label),
        ),
      ),
    );
    dialog.addEventListener('close', () => {
      if (dialog.returnValue === 'yes') run();
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  }

  #post(path: string, label: string): void {
    const key = this.#key;
    if (key === null) return;
    setText(this.#status, `${label} …`);
    post(`/shards/${encodeURIComponent(key)}/${path}`).then(
      (fault) => this.#answer(key, fault ?? `${label}: sent`, fault !== null),
      () => this.#answer(key, 'The server does not answer. Try again.', true),
    );
  }

  #answer(key: ShardKey, text: string, isFault: boolean): void {
    if (key !== this.#key) return;
    this.#status.classList.toggle('fault', isFault);
    setText(this.#status, text);
  }
}

/** Null where the server accepts, otherwise its error. */
async function post(path: string): Promise<string | null> {
  const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
  if (answer.ok) return null;
  const body = (await answer.json().catch(() => null)) as { error?: string } | null;
  return body?.error ?? `The server answered ${answer.status}. The log of the bot has the reason.`;
}
