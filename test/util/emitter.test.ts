import { describe, expect, test, vi } from 'vitest';
import { Emitter } from '../../src/util/emitter.js';

interface Events {
  tick: number;
  other: string;
}

function start() {
  const failed = vi.fn();
  return { failed, emitter: new Emitter<Events>(failed) };
}

describe('the emitter', () => {
  test('calls the listeners of the event, in the order they were added', () => {
    const { emitter } = start();
    const heard: string[] = [];
    emitter.add('tick', (value) => heard.push(`a${value}`), false);
    emitter.add('tick', (value) => heard.push(`b${value}`), false);
    emitter.add('other', (value) => heard.push(value), false);
    emitter.emit('tick', 1);
    expect(heard).toEqual(['a1', 'b1']);
  });

  test('a listener that throws is reported and disturbs neither the others nor the caller', () => {
    const { emitter, failed } = start();
    const error = new Error('mine');
    const listener = vi.fn();
    emitter.add(
      'tick',
      () => {
        throw error;
      },
      false,
    );
    emitter.add('tick', listener, false);
    emitter.emit('tick', 1);
    expect(failed).toHaveBeenCalledExactlyOnceWith('tick', error);
    expect(listener).toHaveBeenCalledWith(1);
  });

  test('a listener whose promise rejects is reported, and no rejection goes unhandled', async () => {
    const { emitter, failed } = start();
    const error = new Error('later');
    emitter.add('other', () => Promise.reject(error), false);
    emitter.emit('other', 'x');
    await vi.waitFor(() => expect(failed).toHaveBeenCalledExactlyOnceWith('other', error));
  });

  test('once means once', () => {
    const { emitter } = start();
    const listener = vi.fn();
    emitter.add('tick', listener, true);
    emitter.emit('tick', 1);
    emitter.emit('tick', 2);
    expect(listener).toHaveBeenCalledExactlyOnceWith(1);
    expect(emitter.has('tick')).toBe(false);
  });

  test('once means once even if its listener throws, or emits the same event', () => {
    const { emitter, failed } = start();
    const listener = vi.fn(() => {
      emitter.emit('tick', 2);
      throw new Error('mine');
    });
    emitter.add('tick', listener, true);
    emitter.emit('tick', 1);
    expect(listener).toHaveBeenCalledOnce();
    expect(failed).toHaveBeenCalledOnce();
  });

  test('once means once even if an earlier listener emits the same event', () => {
    const { emitter } = start();
    const listener = vi.fn();
    emitter.add('tick', (value) => value === 1 && emitter.emit('tick', 2), false);
    emitter.add('tick', listener, true);
    emitter.emit('tick', 1);
    expect(listener).toHaveBeenCalledOnce();
  });

  test('a listener added for good stays for good, even if it was added for once too', () => {
    const { emitter } = start();
    const listener = vi.fn();
    emitter.add('tick', listener, false);
    emitter.add('tick', listener, true);
    emitter.emit('tick', 1);
    listener.mockClear();
    emitter.emit('tick', 2);
    expect(listener).toHaveBeenCalledOnce();
  });

  test('off while the event is under way takes effect with the next one, and adds nothing to this one', () => {
    const { emitter } = start();
    const second = vi.fn();
    const late = vi.fn();
    const first = vi.fn(() => {
      emitter.remove('tick', first);
      emitter.remove('tick', second);
      emitter.add('tick', late, false);
    });
    emitter.add('tick', first, false);
    emitter.add('tick', second, false);
    emitter.emit('tick', 1);
    expect([first, second, late].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0]);
    emitter.emit('tick', 2);
    expect([first, second, late].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1]);
  });

  test('has() is true while an event has a listener', () => {
    const { emitter } = start();
    const listener = vi.fn();
    expect(emitter.has('tick')).toBe(false);
    emitter.add('tick', listener, false);
    expect(emitter.has('tick')).toBe(true);
    emitter.remove('tick', listener);
    emitter.remove('tick', listener);
    expect(emitter.has('tick')).toBe(false);
  });
});
