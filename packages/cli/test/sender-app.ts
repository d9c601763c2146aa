// An app in its own folder, whose commands call a fake sender of @postern/registrar's tests.
import { mkdirSync, symlinkSync } from 'node:fs'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { Fake } from '../../registrar/test/fakes/fake.ts'
import { GITHUB_TOKEN } from '../../registrar/test/fakes/github.ts'
import { POLAR_TOKEN } from '../../registrar/test/fakes/polar.ts'
import { STRIPE_KEY } from '../../registrar/test/fakes/stripe.ts'
import { postern, type Ended } from './run.ts'

const packages = fileURLToPath(new URL('../../', import.meta.url))
export const SECRET = 'a-secret-of-github-0123456789'
export const URL_OF_HOOK = 'https://app.example/webhooks/github'
export const TITLE = 'a private title'

export const receiver = (more = "inbox: sqliteInbox({ path: 'webhooks.db' })"): string => `
import { createReceiver, memoryInbox } from '@postern/core'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import { sqliteInbox } from '@postern/sqlite'
const provider = github({ secret: process.env.GITHUB_WEBHOOK_SECRET! })
export const receiver = createReceiver({ provider, ${more} })
receiver.on(['issues.opened', 'push'], { name: 'first' }, () => console.log('A HANDLER RAN'))
`

export interface App {
  readonly folder: string
  /** The fake sender, which is closed after the test. */
  fake: Fake
  /** Output of all commands. */
  readonly outputs: readonly string[]
  /** Runs a command in the folder. Expects that no handler runs, and that no secret is printed. */
  readonly run: (...args: string[]) => Promise<Ended>
  /** Runs a command with the app's receiver, hook URL and repository. */
  readonly github: (command: string, ...args: string[]) => Promise<Ended>
  readonly write: (file: string, text: string) => Promise<void>
  readonly env: () => Promise<Record<string, string | undefined>>
}

/** Gives each test of the file a fresh folder. */
export function senderApp(): App {
  let root = ''
  let folder = ''
  let fake: Fake
  const outputs: string[] = []
  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'postern-sender-')))
    mkdirSync(join(root, 'node_modules/@postern'), { recursive: true })
    for (const one of ['core', 'providers', 'sqlite'])
      symlinkSync(join(packages, one), join(root, 'node_modules/@postern', one), 'junction')
  })
  afterAll(() => rm(root, { recursive: true }))
  beforeEach(async () => {
    folder = await mkdtemp(join(root, 'app-'))
    await write('package.json', '{ "type": "module" }')
    await write('receiver.ts', receiver())
    await write(
      '.env',
      `# of the app\nGITHUB_TOKEN=${GITHUB_TOKEN}\nGITHUB_WEBHOOK_SECRET=${SECRET}\nOTHER=1\n`,
    )
  })
  afterEach(async () => {
    await fake.close()
    expect(fake.problems).toEqual([])
  })
  return {
    get folder() {
      return folder
    },
    get fake() {
      return fake
    },
    set fake(next) {
      fake = next
    },
    outputs,
    run,
    github: (command, ...args) => {
      const account = ['-o', 'repository=octo/hello', '-o', `api=${fake.url}`]
      return run(command, '--from', './receiver.ts', '--url', URL_OF_HOOK, ...account, ...args)
    },
    write,
    env: async () => ({ ...parseEnv(await readFile(join(folder, '.env'), 'utf8')) }),
  }

  async function run(...args: string[]): Promise<Ended> {
    const ended = await postern(args, { cwd: folder })
    outputs.push(ended.out, ended.err)
    expect(ended.out + ended.err).not.toContain('A HANDLER RAN')
    for (const secret of [GITHUB_TOKEN, STRIPE_KEY, POLAR_TOKEN, SECRET, TITLE])
      expect(ended.out + ended.err).not.toContain(secret)
    return ended
  }

  function write(file: string, text: string): Promise<void> {
    return writeFile(join(folder, file), text)
  }
}
