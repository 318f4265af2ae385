/** These bytes in a Buffer of their own: a pooled one, as `Buffer.concat` gives, would keep alive what lies around it. */
export function joined(...parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}
