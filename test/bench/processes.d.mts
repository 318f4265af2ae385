export interface Process {
  ask(message: { type: string }): Promise<unknown>;
}

export function withServer<T>(
  options: { seed: number; warmUp: number; events: number; interval: number },
  body: (parts: { server: Process; url: string }) => Promise<T>,
): Promise<T>;

export function expectAsked(server: Process, client: string, compression: string): Promise<void>;
