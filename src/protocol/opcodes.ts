/**
 * Gateway opcodes, by the names Discord's documentation gives them.
 *
 * See [Discord Docs/Gateway Opcodes](https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-opcodes).
 */
export const Opcode = {
  Dispatch: 0,
  Heartbeat: 1,
  Identify: 2,
  PresenceUpdate: 3,
  VoiceStateUpdate: 4,
  Resume: 6,
  Reconnect: 7,
  RequestGuildMembers: 8,
  InvalidSession: 9,
  Hello: 10,
  HeartbeatAck: 11,
  RequestSoundboardSounds: 31,
  RequestChannelInfo: 43,
} as const;

/** Opcodes a user may pass to `send`: all that a client may send but HEARTBEAT, IDENTIFY and RESUME, which are the shard's own. */
export const commandOpcodes: ReadonlySet<number> = new Set([
  Opcode.PresenceUpdate,
  Opcode.VoiceStateUpdate,
  Opcode.RequestGuildMembers,
  Opcode.RequestSoundboardSounds,
  Opcode.RequestChannelInfo,
]);

/** Every opcode a client may send at all; anything else is answered with close code 4001. */
export const clientOpcodes: ReadonlySet<number> = new Set([
  ...commandOpcodes,
  Opcode.Heartbeat,
  Opcode.Identify,
  Opcode.Resume,
]);
