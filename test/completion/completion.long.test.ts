// Takes 30 s.
import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { root } from '../run/report.ts'
import { editor59, editor7, type Editor } from './editors.ts'

// Each typed provider: its types are the file of its name.
const typed = globSync('packages/providers/src/types/*.ts', { cwd: root })
  .map((file) => basename(file, '.ts'))
  .toSorted()

/** A file of an app with a receiver of this provider, and a line that is being written. */
function app(name: string, line: string): string {
  const events = `${name[0]!.toUpperCase()}${name.slice(1)}Events`
  return `import { createReceiver, type Receiver } from '@postern/core'
import type { ${events} } from '@postern/providers/types/${name}'
declare const receiver: Receiver<${events}>
${line}
`
}

// TypeScript 5.9 needs seconds for each: it is asked with few, many and patterns of topics.
describe.each([
  ['5.9', ['linear', 'slack', 'stripe'], () => Promise.resolve(editor59())],
  ['7', typed, editor7],
] as const)('TypeScript %s', (_, names, open) => {
  const opened = open()
  afterAll(async () => (await opened).close())

  test.each(names)('completes all topics of %s, and what a payload has', async (name) => {
    const editor = await opened
    const topics = await offered(editor, name, `receiver.on(['|'], () => {})`)
    expect(topics.length).toBeGreaterThan(3)
    for (const line of [
      `receiver.on('|')`,
      `receiver.on('|', (event) => {})`,
      `receiver.on('|', { concurrency: 1 }, (event) => {})`,
      `receiver.on('${topics[0]![0]}|')`,
      `receiver.answer('|', () => undefined)`,
      `receiver.answer(['|'], () => undefined)`,
    ])
      expect(await offered(editor, name, line), line).toEqual(topics)
    const [topic] = topics
    const line = `receiver.on('${topic}', (event) => { event.payload.| })`
    const members = await offered(editor, name, line)
    expect(members.length, line).toBeGreaterThan(0)
  })

  async function offered(editor: Editor, name: string, line: string): Promise<readonly string[]> {
    const { labels } = await editor.complete(app(name, line))
    return labels.toSorted()
  }
})

test('a misspelt topic has the same reason alone and in a list', () => {
  const editor = editor59()
  const reason = 'no topic of this provider matches isues.opened'
  for (const line of [
    `receiver.on('isues.opened', () => {})`,
    `receiver.on(['push', 'isues.opened'], () => {})`,
    `receiver.on('isues.opened', { concurrency: 1 }, () => {})`,
    `receiver.answer('isues.opened', () => undefined)`,
  ])
    expect(editor.errors(app('github', line)), line).toEqual([expect.stringContaining(reason)])
  editor.close()
})
