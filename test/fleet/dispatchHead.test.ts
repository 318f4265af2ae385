import { expect, test } from 'vitest';
import { dispatchHeadOf } from '../../src/fleet/publish/dispatchHead.js';

test.each([
  ['{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"content":"\\"s\\":7"}}', { t: 'MESSAGE_CREATE', s: 42 }],
  ['{"op":0,"t":"TYPING_START","s":3,"d":{}}', { t: 'TYPING_START', s: 3 }],
  ['{ "t": "TYPING_START", "s": 3, "op": 0, "d": {} }', { t: 'TYPING_START', s: 3 }],
  ['{"t":"RESUMED","s":null,"op":0,"d":{}}', null],
  ['{"t":null,"s":null,"op":11,"d":null}', null],
  ['{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}', null],
  ['{"op":11}', null],
  ['{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"content":', null],
  ['{"t":"MESSAGE_CREATE","s":4.5,"op":0,"d":{}}', null],
  ['{"t":"MESSAGE_CREATE","s":99999999999999999999,"op":0,"d":{}}', null],
  ['null', null],
  ['', null],
])('the head of %s is %j', (text, head) => {
  expect(dispatchHeadOf(text)).toEqual(head);
});
