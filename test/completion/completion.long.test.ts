// Takes 20 s.
import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { root } from '../run/report.ts'
import { editor59, editor7, type Editor } from './editors.ts'

// Names of the typed providers. Each has its types in a file of its name.
const typed = globSync('packages/providers/src/types/*.ts', { cwd: root })
  .map((file) => basename(file, '.ts'))
  .toSorted()

/** Returns a source file with a receiver of this provider, followed by the lines to complete. */
function app(name: string, lines: readonly string[]): string {
  const events = `${name[0]!.toUpperCase()}${name.slice(1)}Events`
  return `import { createReceiver, type Receiver } from '@postern/core'
import type { ${events} } from '@postern/providers/types/${name}'
declare const receiver: Receiver<${events}>
${lines.join('\n')}
`
}

// TypeScript 5.9 needs seconds per provider, so it only gets three: one with few topics, one with many, and one with
// topic patterns.
describe.each([
  ['5.9', ['linear', 'slack', 'stripe'], () => Promise.resolve(editor59())],
  ['7', typed, editor7],
] as const)('TypeScript %s', (_, names, open) => {
  const opened = open()
  afterAll(async () => (await opened).close())

  test.each(names)('completes all topics of %s, and what a payload has', async (name) => {
    const editor = await opened
    const [topics, ...others] = await offered(editor, name, [
      `receiver.on(['|'], () => {})`,
      `receiver.on('|')`,
      `receiver.on('|', (event) => {})`,
      `receiver.on('|', { concurrency: 1 }, (event) => {})`,
      `receiver.answer('|', () => undefined)`,
      `receiver.answer(['|'], () => undefined)`,
    ])
    expect(topics!.length).toBeGreaterThan(3)
    expect(others).toEqual(others.map(() => topics))
    const [topic] = topics!
    const [begun, members] = await offered(editor, name, [
      `receiver.on('${topic}|')`,
      `receiver.on('${topic}', (event) => { event.payload.| })`,
    ])
    expect(begun).toEqual(topics)
    expect(members!.length).toBeGreaterThan(0)
  })

  /** Returns the completions at the mark of each line. One file contains all lines, so that the compiler reads it once. */
  async function offered(
    editor: Editor,
    name: string,
    lines: readonly string[],
  ): Promise<readonly (readonly string[])[]> {
    const all: (readonly string[])[] = []
    for (const marked of lines) {
      const text = lines.map((line) => (line === marked ? line : line.replace('|', '')))
      all.push((await editor.complete(app(name, text))).labels.toSorted())
    }
    return all
  }
})

test('a misspelt topic has the same reason alone and in a list', () => {
  const editor = editor59()
  const reason = 'no topic of this provider matches isues.opened'
  const lines = [
    `receiver.on('isues.opened', () => {})`,
    `receiver.on(['push', 'isues.opened'], () => {})`,
    `receiver.on('isues.opened', { concurrency: 1 }, () => {})`,
    `receiver.answer('isues.opened', () => undefined)`,
  ]
  const reasons = lines.map(() => expect.stringContaining(reason) as string)
  expect(editor.errors(app('github', lines))).toEqual(reasons)
  editor.close()
})
