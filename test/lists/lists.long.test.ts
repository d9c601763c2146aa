// Takes 40 s.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linkRepository, type Copy } from '../mutation/copy.ts'
import { run } from '../run/step.ts'

let copy: Copy

beforeAll(() => {
  copy = linkRepository()
})
afterAll(() => copy?.remove())

function change(file: string, from: string, to: string): void {
  const path = join(copy.folder, file)
  const old = readFileSync(path, 'utf8')
  expect(old).toContain(from)
  writeFileSync(
    path,
    old.replace(from, () => to),
  )
}

/** Puts text before the place in a file of the copy. */
function insert(file: string, before: string, text: string): void {
  change(file, before, text + before)
}

/** Runs a TypeScript program in the copy. */
async function node(...args: readonly string[]): Promise<string> {
  const { code, output } = await run(process.execPath, args, { cwd: copy.folder })
  expect(code, output).toBe(0)
  return output
}

const postern = (...args: readonly string[]): Promise<string> =>
  node('packages/cli/src/main.ts', ...args)

const types = (
  ...of: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> =>
  run('tsc', ['-b', ...of], { cwd: copy.folder })

const HOSTS = 'packages/cli/src/hosts.ts'

describe('in a copy of the repository', { timeout: 300_000 }, () => {
  // Type-checking everything takes half a minute of CPU. So this test checks only the packages and the file with the
  // host's second row.
  test('a host is one row, a command its file and a row, an error code one row, until types fail in the one other place that must know a host', async () => {
    insert(HOSTS, "'node' | 'fetch'", "'quill' | ")
    insert(HOSTS, '  fetch: {', "  quill: { package: '@postern/quill' },\n")
    writeFileSync(
      join(copy.folder, 'packages/cli/src/commands/greet.ts'),
      "import type { Command } from 'commander'\nimport { runAction } from '../action.ts'\n\nexport function declare(command: Command): void {\n  command.option('--loud', 'in capitals').action(runAction(async () => (console.log('hello'), 0)))\n}\n",
    )
    insert(
      'packages/cli/src/program.ts',
      "  ['init', ",
      "  ['greet', 'say hello', () => import('./commands/greet.ts')],\n",
    )
    insert('packages/core/src/errors.ts', '  receiver_closed: 503,', '  asleep: 418,\n')
    writeFileSync(join(copy.folder, 'test', 'asleep.ts'), ASLEEP)
    const place = { extends: './tsconfig.json', include: ['services/hosts.ts'] }
    writeFileSync(join(copy.folder, 'test/place.json'), JSON.stringify(place))
    const { code, output } = await types('packages', 'test/place.json')
    expect(code).not.toBe(0)
    expect(output.match(/^\S+(?=\(\d+,\d+\): error)/gm)).toEqual(['test/services/hosts.ts'])
  })

  test('with its second row and its example all that must know a host knows it', async () => {
    mkdirSync(join(copy.folder, 'examples/hosts/quill'))
    writeFileSync(
      join(copy.folder, 'examples/hosts/quill/server.ts'),
      "import { receiver } from '../webhooks/receiver.ts'\n\nexport const quill = receiver\n",
    )
    insert(
      'test/services/hosts.ts',
      '  fetch: {\n    mounted',
      "  quill: { mounted: '`quill(receiver)`', handler: async (receiver) => (request) => receiver.fetch(request) },\n",
    )
    expect(await postern('providers', 'stripe', '--host', 'quill')).toContain(
      'export const quill = receiver',
    )
    await node('test/readme/tables.ts')
    expect(readFileSync(join(copy.folder, 'README.md'), 'utf8')).toContain(
      '| `@postern/quill` | `quill(receiver)` |',
    )
    // Runs one case, which each host gets.
    expect(await node('test/hostile/run.ts', 'ghost: valid: labelled JSON')).toMatch(
      /adapters .*\bquill\b/,
    )
  })

  test('the command is in the help, has its own, runs, and is completed', async () => {
    expect(await postern('--help')).toMatch(/greet +say hello/)
    expect(await postern('greet', '--help')).toContain('--loud')
    expect(await postern('greet')).toBe('hello\n')
    expect(await postern('completion', 'bash')).toContain('--loud')
  })

  test('the error code is answered with its status', async () => {
    expect(await node('test/asleep.ts')).toMatch(/^418 .*asleep/)
  })

  test('and the types of all of it are right', async () => {
    expect(await types()).toEqual({ code: 0, output: '' })
  })
})

const ASLEEP = `import { createReceiver, WebhookError } from '@postern/core'
import { acme } from '@postern/testing'

const provider = acme({ secret: 'a secret of tests' })
const sleeping = {
  ...provider,
  verify(): never {
    throw new WebhookError('asleep', { problem: 'missing' })
  },
}
const receiver = createReceiver({ provider: sleeping, log: false })
const reply = await receiver.receive(provider.sign!({ topic: 'ping', id: '1', payload: {} }))
console.log(reply.status, String(reply.body))
await receiver.close()
`
