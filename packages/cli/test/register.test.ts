// `postern register` and `postern catch-up` against the senders of @postern/registrar's tests.
import { mkdirSync, symlinkSync } from 'node:fs'
import { chmod, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { spawn } from '@lydell/node-pty'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sqliteInbox } from '@postern/sqlite'
import type { Fake } from '../../registrar/test/fakes/fake.ts'
import {
  GITHUB_TOKEN,
  startGithub,
  type GithubDelivery,
} from '../../registrar/test/fakes/github.ts'
import { startPolar, POLAR_TOKEN } from '../../registrar/test/fakes/polar.ts'
import { startStripe, STRIPE_KEY } from '../../registrar/test/fakes/stripe.ts'
import { MAIN, postern, type Ended } from './run.ts'

const packages = fileURLToPath(new URL('../../', import.meta.url))
const SECRET = 'a-secret-of-github-0123456789'
const URL_OF_HOOK = 'https://app.example/webhooks/github'
const TITLE = 'a private title'
let root = ''
let folder = ''
let fake: Fake

const receiver = (more = "inbox: sqliteInbox({ path: 'webhooks.db' })"): string => `
import { createReceiver, memoryInbox } from '@postern/core'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import { sqliteInbox } from '@postern/sqlite'
const provider = github({ secret: process.env.GITHUB_WEBHOOK_SECRET! })
export const receiver = createReceiver({ provider, ${more} })
receiver.on(['issues.opened', 'push'], { name: 'first' }, () => console.log('A HANDLER RAN'))
`

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'postern-register-')))
  mkdirSync(join(root, 'node_modules/@postern'), { recursive: true })
  for (const one of ['core', 'providers', 'sqlite'])
    symlinkSync(join(packages, one), join(root, 'node_modules/@postern', one), 'junction')
})
afterAll(() => rm(root, { recursive: true }))
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'app-'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'receiver.ts'), receiver())
  await writeFile(
    join(folder, '.env'),
    `# of the app\nGITHUB_TOKEN=${GITHUB_TOKEN}\nGITHUB_WEBHOOK_SECRET=${SECRET}\nOTHER=1\n`,
  )
})
afterEach(async () => {
  await fake.close()
  expect(fake.problems).toEqual([])
})

const outputs: string[] = []

async function run(...args: string[]): Promise<Ended> {
  const ended = await postern(args, { cwd: folder })
  outputs.push(ended.out, ended.err)
  expect(ended.out + ended.err).not.toContain('A HANDLER RAN')
  for (const secret of [GITHUB_TOKEN, STRIPE_KEY, POLAR_TOKEN, SECRET, TITLE])
    expect(ended.out + ended.err).not.toContain(secret)
  return ended
}

const github = (command: string, ...args: string[]): Promise<Ended> =>
  run(
    command,
    '--from',
    './receiver.ts',
    '--url',
    URL_OF_HOOK,
    '-o',
    'repository=octo/hello',
    '-o',
    `api=${fake.url}`,
    ...args,
  )

const env = async (): Promise<Record<string, string | undefined>> =>
  parseEnv(await readFile(join(folder, '.env'), 'utf8')) as Record<string, string | undefined>

describe('register', () => {
  test('shows a plan as JSON, changes nothing without a yes, then makes it, and has nothing to change', async () => {
    const github_ = await startGithub()
    fake = github_
    const dry = await github('register', '--dry-run')
    const { plans } = JSON.parse(dry.out) as { plans: { steps: object[]; warnings: string[] }[] }
    expect(plans).toMatchObject([
      {
        provider: 'github',
        account: 'repository octo/hello',
        steps: [
          { do: 'create', kind: 'hook', after: { url: URL_OF_HOOK, topics: ['issues', 'push'] } },
        ],
        warnings: [expect.stringContaining('issues.opened')],
      },
    ])
    expect(dry.code).toBe(0)

    const asked = await github('register')
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('give --yes') as string })
    expect(asked.out).toMatch(
      /\+ create hook https:\/\/app\.example\/webhooks\/github {2}no endpoint/,
    )
    expect(asked.out).toMatch(/ {6}\+ topics issues, push\n/)
    expect(github_.changes()).toBe(0)

    const done = await github('register', '--yes')
    expect(done).toMatchObject({ code: 0, err: expect.stringContaining('Undo: ') as string })
    expect(done.out).toContain('● done')
    expect(github_.hooks.at(-1)).toMatchObject({ url: URL_OF_HOOK, secret: SECRET })

    const again = await github('register', '--yes')
    expect(again.out).toContain('nothing to change')
    expect(again.code).toBe(0)
    expect(github_.changes()).toBe(1)
  })

  test('tells whether the sender delivers, turns the endpoint on, moves it, changes its secret and deletes it', async () => {
    const github_ = await startGithub()
    fake = github_
    expect(await github('register', '--status')).toMatchObject({
      code: 1,
      err: 'no endpoint has this URL\n',
    })
    await github('register', '--yes')
    const hook = github_.hooks.at(-1)!
    expect((await github('register', '--status')).out).toMatch(/● delivers +\d+ +issues, push/)
    hook.active = false
    const off = await github('register', '--status')
    expect(off).toMatchObject({ code: 1, out: expect.stringContaining('✕ off') as string })
    expect(await github('register', '--enable', '--yes')).toMatchObject({ code: 0 })
    expect(hook.active).toBe(true)
    expect(await github('register', '--enable', '--yes')).toMatchObject({ code: 1 })

    expect(await github('register', '--rotate', '--yes')).toMatchObject({ code: 2 })
    expect(await github('register', '--rotate', '--yes', '--write-env')).toMatchObject({ code: 0 })
    const written = await env()
    expect(written).toMatchObject({
      GITHUB_WEBHOOK_SECRET: hook.secret,
      GITHUB_WEBHOOK_SECRET_PREVIOUS: SECRET,
      GITHUB_TOKEN,
      OTHER: '1',
    })
    expect(hook.secret).not.toBe(SECRET)
    expect(outputs.join('')).not.toContain(hook.secret)

    const moved = await run(
      'register',
      '--from',
      './receiver.ts',
      '--url',
      `${URL_OF_HOOK}/v2`,
      '--formerly',
      URL_OF_HOOK,
      '-o',
      'repository=octo/hello',
      '-o',
      `api=${fake.url}`,
      '--yes',
      '--json',
    )
    expect(JSON.parse(moved.out)).toMatchObject({
      results: [{ steps: [{ do: 'update', state: 'done' }] }],
    })
    expect(moved.err).toContain(`- url ${URL_OF_HOOK}\n`)
    hook.url = URL_OF_HOOK

    expect(await github('register', '--remove', '--dry-run')).toMatchObject({ code: 0 })
    expect(await github('register', '--remove', '--yes')).toMatchObject({ code: 0 })
    expect(await github('register', '--remove', '--yes')).toMatchObject({ code: 1 })
    // The hook of somebody else is still there.
    expect(github_.hooks.map(({ id }) => id)).toEqual([7])
  })

  test('a secret that the sender tells once goes to .env, and nothing is made without a place for it', async () => {
    const stripe = await startStripe()
    fake = stripe
    await writeFile(join(folder, '.env'), `STRIPE_SECRET_KEY=${STRIPE_KEY}`)
    await chmod(join(folder, '.env'), 0o640)
    const args = [
      'register',
      'stripe',
      '--topic',
      'invoice.paid',
      '--url',
      'https://app.example/stripe',
    ]
    const more = ['-o', `api=${fake.url}`, '--yes']
    const refused = await run(...args, ...more)
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringContaining('--write-env') as string,
    })
    expect(stripe.changes()).toBe(0)
    const done = await run(...args, ...more, '--write-env')
    expect(done.code).toBe(0)
    const { secret } = stripe.endpoints[0]!
    expect(await env()).toEqual({ STRIPE_SECRET_KEY: STRIPE_KEY, STRIPE_WEBHOOK_SECRET: secret })
    expect((await stat(join(folder, '.env'))).mode & 0o777).toBe(0o640)
    expect(outputs.join('')).not.toContain(secret)
    expect(done.err).toMatch(/STRIPE_WEBHOOK_SECRET is in \.env now \(fingerprint [\da-f]{8}\)/)
  })

  test('a secret that is given to the sender is made, if there is none', async () => {
    const github_ = await startGithub()
    fake = github_
    await writeFile(join(folder, '.env'), `GITHUB_TOKEN=${GITHUB_TOKEN}\n`)
    const args = ['register', 'github', '--topic', 'push', '--url', URL_OF_HOOK, '--yes']
    const more = ['-o', 'repository=octo/hello', '-o', `api=${fake.url}`]
    expect((await run(...args, ...more)).err).toContain('set GITHUB_WEBHOOK_SECRET')
    expect((await run(...args, ...more, '--write-env')).code).toBe(0)
    const { GITHUB_WEBHOOK_SECRET: made } = await env()
    expect(made).toMatch(/^[\w-]{43}$/)
    expect(github_.hooks.at(-1)!.secret).toBe(made)
  })

  test('wrong use names the way out', async () => {
    fake = await startGithub()
    const said = async (...args: string[]): Promise<string> => {
      const { code, err } = await run('register', ...args)
      expect(code).toBe(2)
      return err
    }
    expect(await said()).toContain('give --from ./receiver.ts, or a sender: github, ')
    expect(await said('gihub', '--topic', 'push')).toContain('sender must be one of github, ')
    expect(await said('github', '--topic', 'push')).toContain('give --url')
    expect(await said('--from', 'none.ts', '--url', URL_OF_HOOK)).toContain(
      'none.ts does not exist',
    )
    expect(await said('--from', 'package.json', '--url', URL_OF_HOOK)).toContain(
      '--from: package.json',
    )
    const token = await said('github', '--topic', 'push', '--url', URL_OF_HOOK, '-o', 'token=ghp_1')
    expect(token).toContain('set GITHUB_TOKEN in the environment or in .env')
    expect(await said('stripe', '--topic', 'a', '--url', URL_OF_HOOK)).toContain(
      'Stripe needs key: set STRIPE_KEY or STRIPE_API_KEY or STRIPE_SECRET_KEY',
    )
    expect(await said('workos', '--topic', 'a', '--url', URL_OF_HOOK)).toContain(
      'no API to register by',
    )
    expect(await said('github', '--status', '--remove', '--url', URL_OF_HOOK)).toContain(
      'give one of --status and --remove',
    )
    await writeFile(
      join(folder, 'two.ts'),
      `${receiver("name: 'a'")}
export const other = createReceiver({ provider: stripe({ secret: 'whsec_0123456789abcdef' }) })`,
    )
    expect(await said('--from', 'two.ts', '--url', URL_OF_HOOK)).toContain('has 2 receivers')
  })

  test('of several receivers, each is registered at its own sender and URL', async () => {
    const github_ = await startGithub()
    fake = github_
    await writeFile(
      join(folder, 'two.ts'),
      `${receiver("name: 'a'")}
export const b = createReceiver({ provider, name: 'b' })
b.on('release.published', { name: 'second' }, () => undefined)`,
    )
    const { plans } = JSON.parse(
      (
        await postern(
          ['register', '--from', 'two.ts', '--url', 'https://app.example/{receiver}', '--dry-run'],
          { cwd: folder, env: { GITHUB_REPOSITORY: 'octo/hello', GITHUB_API_URL: fake.url } },
        )
      ).out,
    ) as { plans: { steps: { after: object }[] }[] }
    expect(plans.map(({ steps: [step] }) => step!.after)).toMatchObject([
      { url: 'https://app.example/a', topics: ['issues', 'push'] },
      { url: 'https://app.example/b', topics: ['release'] },
    ])
  })
})

describe('catch-up', () => {
  // The hook that the fake has.
  const url = 'https://stranger.example/hooks'
  const missed = (...args: string[]): Promise<Ended> => github('catch-up', '--url', url, ...args)
  const deliveries = (): GithubDelivery[] =>
    Array.from({ length: 130 }, (_, at) => ({
      id: 200 - at,
      guid: `guid-${at}`,
      delivered_at: new Date(Date.now() - 60_000 - at * 1000).toISOString(),
      status_code: at >= 120 ? 200 : 502,
      ...(at % 3 === 0
        ? { event: 'star', action: 'created' }
        : { event: 'issues', action: 'opened' }),
      payload: { action: 'opened', issue: { title: TITLE } },
    }))

  test('counts, takes into the inbox of the app, and runs no task', async () => {
    fake = await startGithub({ deliveries: deliveries() })
    const since = ['--since', '1h']
    const dry = await missed(...since, '--dry-run')
    expect(dry).toMatchObject({ code: 0 })
    expect(dry.out).toBe(
      'github: repository octo/hello: would take 80 events, of 120 listed\n  80  issues.opened\n  – 40 of topics without a subscription\n',
    )
    const asked = await missed(...since)
    expect(asked.code).toBe(2)
    expect(asked.err).toContain('Take 80 events of github: repository octo/hello.')

    const done = await missed(...since, '--yes', '--json')
    expect(JSON.parse(done.out)).toMatchObject({
      taken: 80,
      duplicates: 0,
      failed: 0,
      complete: true,
    })
    expect(done.code).toBe(0)
    const again = await missed(...since, '--yes')
    expect(again.out).toContain('took 0 events, of 120 listed')
    expect(again.out).toContain('= 80 duplicates')
    const cut = await missed(...since, '--yes', '--limit', '10')
    expect(cut).toMatchObject({
      code: 1,
      err: expect.stringContaining('older events were left') as string,
    })

    const inbox = sqliteInbox({ path: join(folder, 'webhooks.db') })
    const [lane] = await inbox.view!.stats()
    expect(lane).toMatchObject({ receiver: 'github', counts: { pending: 80, done: 0 } })
    await inbox.close()
  })

  test('asks the sender to deliver again', async () => {
    const asked: string[] = []
    fake = await startGithub({
      deliveries: deliveries(),
      redeliver: ({ guid }) => asked.push(guid),
    })
    const done = await missed('--since', '1h', '--redeliver', '--yes')
    expect(done.out).toContain('asked for 80 events')
    expect(asked).toHaveLength(80)
  })

  test('wrong use: a window, an inbox that forgets, a sender without a list', async () => {
    fake = await startGithub({ deliveries: deliveries() })
    expect(await missed('--since', '30d', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('sqliteInbox knows ids for 96 hours') as string,
    })
    expect(await missed('--since', 'yesterday', '--yes')).toMatchObject({ code: 2 })
    await writeFile(join(folder, 'receiver.ts'), receiver('inbox: memoryInbox()'))
    expect(await missed('--since', '1h', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('call receiver.catchUp in the app') as string,
    })
    expect(
      await run('catch-up', 'telegram', '--from', './receiver.ts', '--since', '1h'),
    ).toMatchObject({
      code: 2,
    })
    fake.interrupt({ status: 401, json: { message: 'Bad credentials' } })
    expect(await missed('--since', '1h', '--dry-run')).toMatchObject({ code: 3 })
  })

  test('in a terminal it asks, and draws a bar', async () => {
    fake = await startGithub({ deliveries: deliveries() })
    const args = ['catch-up', '--from', './receiver.ts', '--url', url, '--since', '1h']
    const pty = spawn(
      process.execPath,
      [MAIN, ...args, '-o', 'repository=octo/hello', '-o', `api=${fake.url}`],
      {
        cols: 120,
        rows: 30,
        cwd: folder,
        env: { PATH: process.env['PATH']!, TERM: 'xterm-256color', NO_COLOR: '1' },
      },
    )
    let shown = ''
    pty.onData((text) => {
      if (!shown.includes('Take 80 events') && (shown + text).includes('Take 80 events'))
        pty.write('y')
      shown += text
    })
    const code = await new Promise((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)))
    expect(code).toBe(0)
    expect(shown).toMatch(/█{24} 80 of 80/)
    expect(shown).toContain('took 80 events')
    for (const secret of [GITHUB_TOKEN, SECRET, TITLE]) expect(shown).not.toContain(secret)
  })
})

test('Polar: a list without payloads is asked for by redelivery, without being told', async () => {
  const asked: string[] = []
  fake = await startPolar({
    deliveries: [
      {
        id: 'd1',
        created_at: new Date(Date.now() - 60_000).toISOString(),
        succeeded: false,
        event: 'e1',
        type: 'order.paid',
        eventSucceeded: false,
      },
    ],
    redeliver: (event) => asked.push(event),
  })
  await writeFile(
    join(folder, 'receiver.ts'),
    receiver()
      .replaceAll('github', 'polar')
      .replace('POLAR_WEBHOOK_SECRET', 'GITHUB_WEBHOOK_SECRET')
      .replace(/process\.env\.\w+!/, "'polar_whs_0123456789abcdef0123'")
      .replace("'issues.opened'", "'order.paid'"),
  )
  await writeFile(join(folder, '.env'), `POLAR_ACCESS_TOKEN=${POLAR_TOKEN}\n`)
  const done = await run(
    'catch-up',
    '--from',
    './receiver.ts',
    '--since',
    '1h',
    '--yes',
    '-o',
    `api=${fake.url}`,
  )
  expect(done).toMatchObject({
    code: 0,
    out: expect.stringContaining('asked for 1 events') as string,
  })
  expect(asked).toEqual(['e1'])
})
