/** Bodies that break careless receivers. All are valid UTF-8, since most official libraries accept only text. */
export const bodies: readonly string[] = [
  '{"type":"a.b","id":"evt_1","text":"plain"}',
  '{"type":"a.b","id":"evt_1","text":"$$ $& $` $\' $1"}',
  '{\r\n  "type": "a.b",\r\n  "id": "evt_1"\r\n}\r\n',
  '{"type":"a.b","id":"evt_1","text":"snowman ☃ 漢字 🎉 \\u001B \\u001b"}',
  `{"type":"a.b","id":"evt_1","text":"${'long '.repeat(5000)}"}`,
]
