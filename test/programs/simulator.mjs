// A simulator in a process of its own, so that a blocked event loop is the shard's alone.
import { createGatewaySimulator } from '../../dist/src/simulator/index.js';

const simulator = await createGatewaySimulator(JSON.parse(process.argv[2] ?? '{}'));
const numbers = process.argv[3] === 'flood' ? setInterval(() => simulator.dispatch('TYPING_START', { n: 1 }), 2) : null;
process.send?.({ url: simulator.url });
process.on('message', async (message) => {
  if (message === 'report') {
    const { connections, violations, frames } = simulator;
    process.send?.({
      violations,
      connections: connections.map(({ id, open, closeCode, gatewayCloseCode }) => ({
        id,
        open,
        closeCode,
        gatewayCloseCode,
      })),
      beats: frames.filter(({ direction, op }) => direction === 'client' && op === 1).length,
    });
    return;
  }
  clearInterval(numbers);
  await simulator.close();
  process.disconnect();
});
