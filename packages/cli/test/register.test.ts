// Takes 15 s.
// `postern register` against the senders of @postern/registrar's tests.
import { chmod, readFile, stat } from 'node:fs/promises'
import { stripVTControlCharacters } from 'node:util'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { GITHUB_TOKEN, startGithub } from '../../registrar/test/fakes/github.ts'
import { startStripe, STRIPE_KEY } from '../../registrar/test/fakes/stripe.ts'
import { terminal } from './pty.ts'
import { postern } from './run.ts'
import { receiver, SECRET, senderApp, URL_OF_HOOK } from './sender-app.ts'

const app = senderApp()

// Each test starts a dozen processes.
describe('register', { timeout: 60_000 }, () => {
  test('shows a plan as JSON, changes nothing without a yes, then makes it, and has nothing to change', async () => {
    const github_ = await startGithub()
    app.fake = github_
    const dry = await app.github('register', '--dry-run')
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

    const asked = await app.github('register')
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('give --yes') as string })
    expect(asked.out).toMatch(
      /\+ create hook https:\/\/app\.example\/webhooks\/github {2}no endpoint/,
    )
    expect(asked.out).toMatch(/ {6}\+ topics issues, push\n/)
    expect(github_.changes()).toBe(0)

    const done = await app.github('register', '--yes')
    expect(done).toMatchObject({ code: 0, err: expect.stringContaining('Undo: ') as string })
    expect(done.out).toContain('● done')
    expect(github_.hooks.at(-1)).toMatchObject({ url: URL_OF_HOOK, secret: SECRET })

    const again = await app.github('register', '--yes')
    expect(again.out).toContain('nothing to change')
    expect(again.code).toBe(0)
    expect(github_.changes()).toBe(1)
  })

  test('tells whether the sender delivers, turns the endpoint on, moves it, changes its secret and deletes it', async () => {
    const github_ = await startGithub()
    app.fake = github_
    expect(await app.github('register', '--status')).toMatchObject({
      code: 1,
      err: 'no endpoint has this URL\n',
    })
    await app.github('register', '--yes')
    const hook = github_.hooks.at(-1)!
    expect((await app.github('register', '--status')).out).toMatch(/● delivers +\d+ +issues, push/)
    hook.active = false
    const off = await app.github('register', '--status')
    expect(off).toMatchObject({ code: 1, out: expect.stringContaining('✕ off') as string })
    expect(await app.github('register', '--enable', '--yes')).toMatchObject({ code: 0 })
    expect(hook.active).toBe(true)
    expect(await app.github('register', '--enable', '--yes')).toMatchObject({ code: 1 })

    expect(await app.github('register', '--rotate', '--yes')).toMatchObject({ code: 2 })
    expect(await app.github('register', '--rotate', '--yes', '--write-env')).toMatchObject({
      code: 0,
    })
    const written = await app.env()
    expect(written).toMatchObject({
      GITHUB_WEBHOOK_SECRET: hook.secret,
      GITHUB_WEBHOOK_SECRET_PREVIOUS: SECRET,
      GITHUB_TOKEN,
      OTHER: '1',
    })
    expect(hook.secret).not.toBe(SECRET)
    expect(app.outputs.join('')).not.toContain(hook.secret)

    const moved = await app.run(
      'register',
      '--from',
      './receiver.ts',
      '--url',
      `${URL_OF_HOOK}/v2`,
      '--previous-url',
      URL_OF_HOOK,
      '-o',
      'repository=octo/hello',
      '-o',
      `api=${app.fake.url}`,
      '--yes',
      '--json',
    )
    expect(JSON.parse(moved.out)).toMatchObject({
      results: [{ steps: [{ do: 'update', state: 'done' }] }],
    })
    expect(moved.err).toContain(`- url ${URL_OF_HOOK}\n`)
    hook.url = URL_OF_HOOK

    expect(await app.github('register', '--remove', '--dry-run')).toMatchObject({ code: 0 })
    expect(await app.github('register', '--remove', '--yes')).toMatchObject({ code: 0 })
    expect(await app.github('register', '--remove', '--yes')).toMatchObject({ code: 1 })
    // Only the hook that Postern did not make is left.
    expect(github_.hooks.map(({ id }) => id)).toEqual([7])
  })

  test('a secret that the sender tells once goes to .env, and nothing is made without a place for it', async () => {
    const stripe = await startStripe()
    app.fake = stripe
    await app.write('.env', `STRIPE_SECRET_KEY=${STRIPE_KEY}`)
    await chmod(join(app.folder, '.env'), 0o640)
    const url = 'https://app.example/stripe'
    const args = ['register', 'stripe', '--topic', 'invoice.paid', '--url', url]
    const more = ['-o', `api=${app.fake.url}`, '--yes']
    const rejected = await app.run(...args, ...more)
    expect(rejected).toMatchObject({
      code: 2,
      err: expect.stringContaining('--write-env') as string,
    })
    expect(stripe.changes()).toBe(0)
    // This receiver needs a secret that only the sender can create.
    await app.write(
      'receiver.ts',
      receiver()
        .replace('github({ secret: process.env.GITHUB', 'stripe({ secret: process.env.STRIPE')
        .replace("'push'", "'invoice.paid'"),
    )
    const from = ['register', 'stripe', '--from', './receiver.ts', ...args.slice(4)]
    const done = await app.run(...from, ...more, '--write-env')
    expect(done.code).toBe(0)
    const { secret } = stripe.endpoints[0]!
    expect(await app.env()).toEqual({
      STRIPE_SECRET_KEY: STRIPE_KEY,
      STRIPE_WEBHOOK_SECRET: secret,
    })
    expect((await stat(join(app.folder, '.env'))).mode & 0o777).toBe(0o640)
    expect(done.err.match(/\.env can be read by other users/g)).toHaveLength(1)
    expect(app.outputs.join('')).not.toContain(secret)
    expect(done.err).toMatch(/STRIPE_WEBHOOK_SECRET is in \.env now \(fingerprint [\da-f]{8}\)/)
  })

  test('what init wrote for a secret is none, and --write-env fills it in where it stands', async () => {
    const github_ = await startGithub()
    app.fake = github_
    await app.write('.env.local', 'GITHUB_WEBHOOK_SECRET=<your-secret>\n')
    const args = ['register', 'github', '--topic', 'push', '--url', URL_OF_HOOK, '--yes']
    const more = ['-o', 'repository=octo/hello', '-o', `api=${app.fake.url}`]
    await app.write('.env', `GITHUB_TOKEN=${GITHUB_TOKEN}\n`)
    expect((await app.run(...args, ...more)).err).toContain('set GITHUB_WEBHOOK_SECRET')
    expect((await app.run(...args, ...more, '--write-env')).code).toBe(0)
    const local = await readFile(join(app.folder, '.env.local'), 'utf8')
    expect(local).toMatch(/^GITHUB_WEBHOOK_SECRET=[\w-]{43}\n$/)
    expect(local).toContain(github_.hooks.at(-1)!.secret)
    expect(await app.env()).toEqual({ GITHUB_TOKEN })
  })

  test.for([80, 40])('a plan fits a terminal of %i columns', async (cols) => {
    app.fake = await startGithub()
    const args = ['register', 'github', '--url', URL_OF_HOOK]
    const topics = ['push', 'release.published', 'issues.opened', 'workflow_run.completed']
    const more = topics.flatMap((topic) => ['--topic', topic])
    const account = ['-o', 'repository=octo/hello', '-o', `api=${app.fake.url}`]
    const { pty, until } = terminal([...args, ...more, ...account], {
      cwd: app.folder,
      cols,
      env: { GITHUB_TOKEN },
    })
    // The plan is printed before the question.
    const shown = await until(/^[^]*◆/)
    pty.kill()
    const [plan = ''] = stripVTControlCharacters(shown).split('◆')
    const lines = plan.split(/\r?\n/)
    expect(lines.filter((line) => line.length > cols)).toEqual([])
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain(
      '+ topics issues, push, release, workflow_run',
    )
    // Only words that are longer than a line are broken.
    expect(shown).toContain(URL_OF_HOOK)
  })

  test('a secret that is given to the sender is made, if there is none', async () => {
    const github_ = await startGithub()
    app.fake = github_
    await app.write('.env', `GITHUB_TOKEN=${GITHUB_TOKEN}\n`)
    const args = ['register', 'github', '--topic', 'push', '--url', URL_OF_HOOK, '--yes']
    const more = ['-o', 'repository=octo/hello', '-o', `api=${app.fake.url}`]
    expect((await app.run(...args, ...more)).err).toContain('set GITHUB_WEBHOOK_SECRET')
    expect((await app.run(...args, ...more, '--write-env')).code).toBe(0)
    const { GITHUB_WEBHOOK_SECRET: made } = await app.env()
    expect(made).toMatch(/^[\w-]{43}$/)
    expect(github_.hooks.at(-1)!.secret).toBe(made)
  })

  test.for([
    ['adyen', 'hmacKey', 'ADYEN_HMAC_KEY'],
    ['telegram', 'secretToken', 'TELEGRAM_SECRET_TOKEN'],
    ['telegram', 'secretToken', 'TELEGRAM_WEBHOOK_SECRET'],
    ['discord', 'publicKey', 'DISCORD_PUBLIC_KEY'],
    ['chargebee', 'credentials', 'CHARGEBEE_CREDENTIALS'],
    ['contentful', 'secret', 'CONTENTFUL_WEBHOOK_SECRET'],
    ['svix', 'secret', 'SVIX_WEBHOOK_SECRET'],
    ['stripe', 'secret', 'STRIPE_WEBHOOK_SECRET'],
  ] as const)(
    'a module of %s is loaded before its secret is known: %s from %s',
    async ([name, option, variable]) => {
      const file = `${variable}.ts`
      await app.write(
        file,
        `import { createReceiver } from '@postern/core'
import { ${name} } from '@postern/providers/${name}'
export const receiver = createReceiver({ provider: ${name}({ ${option}: process.env.${variable}! }) })
receiver.on('x', { name: 'first' }, () => undefined)`,
      )
      const args = ['register', name, '--from', file, '--url', URL_OF_HOOK, '--dry-run']
      const { err } = await postern(args, { cwd: app.folder, env: {} })
      expect(err).toMatch(/needs \w+: /)
    },
  )

  test('wrong use names the way out', async () => {
    app.fake = await startGithub()
    const said = async (...args: string[]): Promise<string> => {
      const { code, err } = await app.run('register', ...args)
      expect(code).toBe(2)
      return err
    }
    expect(await said()).toContain('give --from ./receiver.ts, or a sender: github, ')
    expect(await said('gihub', '--topic', 'push')).toContain('sender must be one of github, ')
    expect(await said('gitlab', '--topic', 'push')).toContain(
      'add the URL at GitLab: <project> → Settings → Webhooks',
    )
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
    await app.write(
      'two.ts',
      `${receiver("name: 'a'")}
export const other = createReceiver({ provider: stripe({ secret: 'whsec_0123456789abcdef' }) })`,
    )
    expect(await said('--from', 'two.ts', '--url', URL_OF_HOOK)).toContain('has 2 receivers')
    const none = ['--from', 'two.ts', '--url', URL_OF_HOOK, '--receiver', 'c']
    expect(await said(...none)).toMatch(/none of them has --receiver c: choose one/)
    expect(await said('github', ...none)).toMatch(/--receiver c and the sender github: choose one/)
  })

  test('of several receivers, each is registered at its own sender and URL', async () => {
    const github_ = await startGithub()
    app.fake = github_
    await app.write(
      'two.ts',
      `${receiver("name: 'a'")}
export const b = createReceiver({ provider, name: 'b' })
b.on('release.published', { name: 'second' }, () => undefined)`,
    )
    const { plans } = JSON.parse(
      (
        await postern(
          ['register', '--from', 'two.ts', '--url', 'https://app.example/{receiver}', '--dry-run'],
          {
            cwd: app.folder,
            env: { GITHUB_REPOSITORY: 'octo/hello', GITHUB_API_URL: app.fake.url },
          },
        )
      ).out,
    ) as { plans: { steps: { after: object }[] }[] }
    expect(plans.map(({ steps: [step] }) => step!.after)).toMatchObject([
      { url: 'https://app.example/a', topics: ['issues', 'push'] },
      { url: 'https://app.example/b', topics: ['release'] },
    ])
  })
})
