/** Script of the page: it hands the server's messages to the viewer in its frame. */
export const BRIDGE_SCRIPT = `const frame = document.querySelector('iframe');
const hint = document.querySelector('p');
let socket = null;

// The viewer posts this each time it has loaded. A new WebSocket then gets every message from the start.
addEventListener('message', ({ data, source, origin }) => {
  if (source !== frame.contentWindow || data?.type !== '@statelyai.connected') return;
  socket?.close();
  const own = (socket = new WebSocket('ws://' + location.host));
  hint.hidden = true;
  own.onmessage = (message) => {
    if (own === socket) frame.contentWindow.postMessage(JSON.parse(message.data), origin);
  };
  own.onclose = () => {
    if (own !== socket) return;
    hint.textContent = 'The connection to the bot was lost. Reload the page once the bot runs.';
    hint.hidden = false;
  };
});
`;

export const BRIDGE_STYLE = `html, body { margin: 0; height: 100%; background: #1e1e1e; color: #eee; font: 16px system-ui, sans-serif; }
iframe { width: 100%; height: 100%; border: 0; display: block; }
p { position: fixed; inset: auto 0 0; margin: 0; padding: 12px; background: #1e1e1e; text-align: center; }
p[hidden] { display: none; }
`;

export function bridgePage(page: string): string {
  const url = escaped(page);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>shardchart inspector</title>
<link rel="stylesheet" href="/bridge.css">
<script src="/bridge.js" defer></script>
</head>
<body>
<iframe src="${url}" title="The viewer"></iframe>
<p>Waiting for ${url} …</p>
</body>
</html>
`;
}

/** Content Security Policy of the page: its own script and style, WebSockets to this host, and the viewer in its frame. */
export function contentSecurityPolicy(page: string, host: string): string {
  const { origin, hostname, protocol } = new URL(page);
  // Stately's page may redirect to another host of Stately.
  const frames = hostname === 'stately.ai' ? `${origin} ${protocol}//*.stately.ai` : origin;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src ws://${host}`,
    `frame-src ${frames}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
