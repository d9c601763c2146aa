/** Returns 200 hostile payloads, which the page must show as text. A script that runs sets `window[marker]`. */
export function hostilePayloads(marker: string): readonly object[] {
  const run = `window.${marker}=1`
  const markup = [
    `<script>${run}</script>`,
    `<img src=x onerror="${run}">`,
    `<svg onload="${run}">`,
    `<svg><script>${run}</script></svg>`,
    `<body onload="${run}">`,
    `<iframe src="javascript:parent.${run}"></iframe>`,
    `<iframe srcdoc="<script>parent.${run}</script>"></iframe>`,
    `<a href="javascript:${run}">click</a>`,
    `<details open ontoggle="${run}">`,
    `<video><source onerror="${run}"></video>`,
    `<input autofocus onfocus="${run}">`,
    `<style>@import 'javascript:${run}'</style>`,
    `<math><mtext><img src=x onerror="${run}"></mtext></math>`,
    `<template><script>${run}</script></template>`,
    `<object data="javascript:${run}"></object>`,
    `<embed src="javascript:${run}">`,
    `<meta http-equiv="refresh" content="0;url=javascript:${run}">`,
    `<base href="//evil.example/">`,
    `<form action="javascript:${run}"><button>go</button></form>`,
    `<marquee onstart="${run}">`,
    `"><script>${run}</script>`,
    `'><img src=x onerror='${run}'>`,
    `</script><script>${run}</script>`,
    `</textarea><script>${run}</script>`,
    `</style><script>${run}</script>`,
    `--><script>${run}</script>`,
    `]]><script>${run}</script>`,
    `javascript:${run}`,
    `data:text/html,<script>${run}</script>`,
    '${' + run + '}',
    '{{constructor.constructor("' + run + '")()}}',
    `\\u003cscript\\u003e${run}\\u003c/script\\u003e`,
    `&lt;script&gt;${run}&lt;/script&gt;`,
    `<scr\u0000ipt>${run}</scr\u0000ipt>`,
    `＜script＞${run}＜/script＞`,
  ]
  const odd = [
    '\u202Egnp.exe',
    'a\u2066b\u2069c',
    '\u200B\u200C\u200D\u2060',
    '\uD800',
    '\uDC00 and \uD800',
    '\u0000\u0001\u0007\u001B[31mred',
    'line\u2028break\u2029',
    '\uFEFFbom',
    'e' + '\u0301'.repeat(500),
    '🏴\u{E0067}\u{E0062}\u{E007F}',
    '__proto__',
    'constructor',
    '"; DROP TABLE task; --',
    '%00%0d%0aSet-Cookie: a=b',
    '\r\nX-Injected: 1',
    'x'.repeat(300_000),
    `<b>${'y'.repeat(100_000)}`,
    ' '.repeat(10_000),
    '\n'.repeat(10_000),
    'http://evil.example/?q=' + 'z'.repeat(5000),
  ]
  const shapes: readonly object[] = [
    ...[10, 100, 400].map((depth) => deep(depth, markup[0]!)),
    ...[10, 100, 400].map((depth) => deepList(depth, odd[0]!)),
    Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`key${at}`, at])),
    { list: Array.from({ length: 20_000 }, (_, at) => at) },
    { list: Array.from({ length: 300 }, () => ({ a: markup })) },
    JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'),
    { big: 12345678901234567890n.toString(), number: 1e308, zero: -0, small: 5e-324 },
    { '': '', ' ': ' ', '\n': '\n' },
  ]
  const texts = [...markup, ...odd]
  const made = [
    // Each text is a value. Some texts are also keys, list items, or texts that the page shows outside the payload.
    ...texts.map((text) => ({ text })),
    ...texts.slice(0, 45).map((text) => ({ [text]: 1 })),
    ...texts.slice(0, 45).map((text) => ({ list: [text, { [text]: text }] })),
    ...texts
      .slice(0, 43)
      .map((text) => ({ repository: { full_name: text }, sender: { login: text } })),
    ...shapes,
  ]
  return made.slice(0, 200)
}

function deep(depth: number, inside: unknown): object {
  let value: unknown = inside
  for (let at = 0; at < depth; at++) value = { a: value }
  return value as object
}

function deepList(depth: number, inside: unknown): object {
  let value: unknown = inside
  for (let at = 0; at < depth; at++) value = [value]
  return { list: value }
}
