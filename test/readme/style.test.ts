import { expect, test } from 'vitest'
import { broken, documents, faults, sentences, sources, texts, unproven } from './style.ts'

test('sentences are those of paragraphs, items and cells', () => {
  const found = sentences(
    '# A title\n\nOne `a b` is.\nTwo is: three is.\n\n- four is\n\n| a b | c d |\n',
  )
  expect(found).toEqual([
    'A title',
    'One CODE is.',
    'Two is:',
    'three is.',
    'four is',
    'a b',
    'c d',
  ])
})

test('texts are the strings of a source that are sentences, with an expression as a word', () => {
  const source = [
    "import a from './a b.ts'",
    "type Kind = 'one of two'",
    'const message = `got ${a} bytes` + " of the body"',
    "const sql = 'SELECT id FROM tasks here'",
    'const name = "inbox_full"',
    "throw new TypeError('begin: must be ON time')",
  ]
  expect(texts(source.join('\n'), 'a.ts')).toEqual([
    'got `code` bytes of the body',
    'begin: must be ON time',
  ])
  expect(texts('const a = <p title="the newest first">No tasks yet.</p>', 'a.tsx')).toEqual([
    'the newest first',
    'No tasks yet.',
  ])
})

test('there are documents and sources to judge', () => {
  expect(documents.length).toBeGreaterThan(50)
  expect(sources.length).toBeGreaterThan(500)
})

test.each([
  ['The colour is blue.', 'colour'],
  ['It was recognised.', 'recognised'],
  ['The inbox is told.', 'is told'],
  ['A handler takes events.', 'takes'],
  ['Ten tasks a second run.', 'tasks a second'],
  ['What arrives is stored.', 'starts with a question word'],
  [`It ${'is and '.repeat(15)}ends.`, 'has 32 words'],
])('%s breaks a rule', (sentence, fault) => {
  expect(broken(sentence)).toEqual([expect.stringContaining(fault)])
})

test.each(['It takes 20 ms.', 'There is no task.', 'A raised hand advised and promised.'])(
  '%s breaks none',
  (sentence) => {
    expect(broken(sentence)).toEqual([])
  },
)

test.each([
  ['A handler runs in every process.', 'every'],
  ['## Limits\n\nNothing is lost.', 'Nothing'],
  ['- One.\n- Nobody reads it, see [the page](page.md).', 'Nobody'],
])('%s is a claim without a test', (text, word) => {
  expect(unproven(text)).toEqual([expect.stringContaining(`"${word}"`)])
})

test.each([
  'Nothing is lost: [the run](../test/power/RESULTS.md).',
  '[The suite](test/contract.ts) checks these.\n\n- A second call changes nothing.\n- It gets everything.',
  'It tries every 15 seconds.',
  'Call `view.everything(nothing)`.',
])('%s claims what is tested, or nothing', (text) => {
  expect(unproven(text)).toEqual([])
})

test.each(documents)('%s is written in the style of CONTRIBUTING', (file) => {
  expect(faults(file)).toEqual([])
})

const packages = [...new Set(sources.map((file) => file.split('/')[1]!))]
test.each(packages)('what users read of the code of %s is written in the same style', (name) => {
  const found = sources
    .filter((file) => file.startsWith(`packages/${name}/`))
    .flatMap((file) => faults(file).map((fault) => `${file}: ${fault}`))
  expect(found).toEqual([])
})
