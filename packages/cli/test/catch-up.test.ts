// `postern catch-up` against the senders of @postern/registrar's tests.
import { join } from 'node:path'
import { sqliteInbox } from '@postern/sqlite'
import { describe, expect, test } from 'vitest'
import {
  GITHUB_TOKEN,
  startGithub,
  type GithubDelivery,
} from '../../registrar/test/fakes/github.ts'
import { POLAR_TOKEN, startPolar } from '../../registrar/test/fakes/polar.ts'
import { terminal } from './pty.ts'
import type { Ended } from './run.ts'
import { receiver, SECRET, senderApp, TITLE } from './sender-app.ts'

const app = senderApp()

// Each test starts several processes.
describe('catch-up', { timeout: 60_000 }, () => {
  // URL of the only hook in the fake GitHub.
  const url = 'https://stranger.example/hooks'
  const missed = (...args: string[]): Promise<Ended> =>
    app.github('catch-up', '--url', url, ...args)
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
    app.fake = await startGithub({ deliveries: deliveries() })
    const since = ['--since', '1h']
    const dry = await missed(...since, '--dry-run')
    expect(dry).toMatchObject({ code: 0 })
    expect(dry.out).toBe(
      'github: repository octo/hello: would take 80 events, of 120 listed\n  80  issues.opened\n  – 40 of topics without a subscription\n',
    )
    const asked = await missed(...since)
    expect(asked.code).toBe(2)
    expect(asked.err).toContain('Accept 80 events of github: repository octo/hello.')

    const done = await missed(...since, '--yes', '--json')
    expect(JSON.parse(done.out)).toMatchObject({
      accepted: 80,
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

    const inbox = sqliteInbox({ path: join(app.folder, 'webhooks.db') })
    const [lane] = await inbox.view!.stats()
    expect(lane).toMatchObject({ receiver: 'github', counts: { pending: 80, done: 0 } })
    await inbox.close()
  })

  test('asks the sender to deliver again', async () => {
    const asked: string[] = []
    app.fake = await startGithub({
      deliveries: deliveries(),
      redeliver: ({ guid }) => asked.push(guid),
    })
    const done = await missed('--since', '1h', '--redeliver', '--yes')
    expect(done.out).toContain('asked for 80 events')
    expect(asked).toHaveLength(80)
  })

  test('wrong use: a window, an inbox that forgets, a sender without a list', async () => {
    app.fake = await startGithub({ deliveries: deliveries() })
    expect(await missed('--since', '30d', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('sqliteInbox remembers ids for only 96 hours') as string,
    })
    expect(await missed('--since', 'yesterday', '--yes')).toMatchObject({ code: 2 })
    await app.write('receiver.ts', receiver('inbox: memoryInbox()'))
    expect(await missed('--since', '1h', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('call catchUp in the app') as string,
    })
    const telegram = ['catch-up', 'telegram', '--from', './receiver.ts', '--since', '1h']
    expect(await app.run(...telegram)).toMatchObject({ code: 2 })
    app.fake.interrupt({ status: 401, json: { message: 'Bad credentials' } })
    expect(await missed('--since', '1h', '--dry-run')).toMatchObject({ code: 3 })
  })

  test('in a terminal it asks, and draws a bar', async () => {
    app.fake = await startGithub({ deliveries: deliveries() })
    const args = ['catch-up', '--from', './receiver.ts', '--url', url, '--since', '1h']
    const account = ['-o', 'repository=octo/hello', '-o', `api=${app.fake.url}`]
    const { pty, text, until, ended } = terminal([...args, ...account], { cwd: app.folder })
    await until('Accept 80 events')
    pty.write('y')
    expect(await ended).toBe(0)
    const shown = text()
    expect(shown).toMatch(/█{24} 80 of 80/)
    expect(shown).toContain('took 80 events')
    for (const secret of [GITHUB_TOKEN, SECRET, TITLE]) expect(shown).not.toContain(secret)
  })
})

test('Polar: a list without payloads is asked for by redelivery, without being told', async () => {
  const asked: string[] = []
  app.fake = await startPolar({
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
  await app.write(
    'receiver.ts',
    receiver()
      .replaceAll('github', 'polar')
      .replace('POLAR_WEBHOOK_SECRET', 'GITHUB_WEBHOOK_SECRET')
      .replace(/process\.env\.\w+!/, "'polar_whs_0123456789abcdef0123'")
      .replace("'issues.opened'", "'order.paid'"),
  )
  await app.write('.env', `POLAR_ACCESS_TOKEN=${POLAR_TOKEN}\n`)
  const args = ['catch-up', '--from', './receiver.ts', '--since', '1h', '--yes']
  const done = await app.run(...args, '-o', `api=${app.fake.url}`)
  expect(done).toMatchObject({
    code: 0,
    out: expect.stringContaining('asked for 1 events') as string,
  })
  expect(asked).toEqual(['e1'])
})
