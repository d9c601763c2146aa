// The tests of every registrar, with a fake of its sender.
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ApiOptions } from '../src/common/options.ts'
import type {
  ApplyOptions,
  Endpoint,
  Plan,
  Registrar,
  StepResult,
  NewSecret,
  Want,
} from '../src/registrar.ts'
import { planFor, register as registerFor, undo, type Job } from '../../cli/src/listen/endpoint.ts'
import { newSession, sessionId, sessions } from '../../cli/src/listen/session.ts'
import { temporaryFolder } from '../../../test/services/temporary.ts'
import type { Fake, FakeAnswer } from './fakes/fake.ts'

export interface Subject<F extends Fake = Fake> {
  readonly start: () => Promise<F>
  /** Creates the registrar with the fake's token, or with a wrong token. */
  readonly make: (options: ApiOptions, token: string) => Registrar
  readonly token: string
  /** Patterns whose topics are `topics`, sorted. */
  readonly patterns: readonly string[]
  readonly topics: readonly string[]
  /** Patterns that match other topics. */
  readonly others: readonly string[]
  readonly apply?: ApplyOptions
  /** Proves a pending endpoint at the sender. After this, the plan is made and applied again. */
  readonly confirm?: (registrar: Registrar, id: string, fake: F) => Promise<void>
  /** Disables an endpoint at the sender. The registrar must report this, and enable the endpoint again. */
  readonly disable?: (fake: F, id: string) => void
  /** Returns the endpoint's secret at the sender. `rotate` must change this secret, and hand out the new one. */
  readonly secretOf?: (fake: F, id: string) => unknown
  /** Returns the secret that `reveal` must hand out. */
  readonly shownSecret?: (fake: F, id: string) => unknown
  /**
   * The side that creates the new secret. A secret of the sender is in force before `onSecret` is called.
   * @default 'registrar'
   */
  readonly rotatedBy?: 'registrar' | 'sender'
  /** Adds a failure at the sender, and returns it as `status` must list it. */
  readonly fail?: (fake: F, id: string) => object
  /** Adds another app's endpoint at the sender, for lists with several pages. */
  readonly more?: (fake: F, at: number) => unknown
  /** The account has one endpoint for everything. */
  readonly single?: true
  /** Features that the sender does not have. */
  readonly lacks?: readonly ('foreign' | 'topics' | 'remove')[]
  /**
   * Returns the sender's answer to a request beyond its rate limit.
   * @default 429
   */
  readonly limited?: (seconds: number) => FakeAnswer
  /** The code of the error for a wrong token. @default unauthorized */
  readonly denied?: string
}

const url = 'https://app.example/hook'
/** A previous URL of the receiver. */
const old = 'https://old.example/hook'

export function testRegistrar<F extends Fake>(name: string, subject: Subject<F>): void {
  const { patterns, topics, others, token } = subject
  const limited = subject.limited ?? defaultLimited
  const lacks = (what: 'foreign' | 'topics' | 'remove'): boolean =>
    subject.lacks?.includes(what) === true
  const waits: number[] = []
  const secrets: string[] = []
  const applying: ApplyOptions = {
    ...subject.apply,
    ...(subject.apply?.onSecret && { onSecret: ({ secret }) => secrets.push(secret) }),
  }
  let fake: F
  let registrar: Registrar

  const make = (given: string, options: ApiOptions = {}): Registrar =>
    subject.make({ api: fake.url, wait: async (time) => void waits.push(time), ...options }, given)
  const found = async (at: string): Promise<readonly Endpoint[]> =>
    (await registrar.list()).filter((endpoint) => endpoint.url === at)
  const topicsAt = async (at: string): Promise<readonly string[]> =>
    [...new Set((await found(at)).flatMap((endpoint) => endpoint.topics))].toSorted()
  /** Confirms pending endpoints, and applies the plan again. */
  const settle = async (
    want: Want,
    results: readonly StepResult[],
  ): Promise<readonly StepResult[]> => {
    if (subject.confirm === undefined) return results
    for (const { state, id } of results)
      if (state === 'pending') await subject.confirm(registrar, id!, fake)
    return registrar.apply(await registrar.plan(want), applying)
  }
  const register = async (at: string, wanted: readonly string[]): Promise<Plan> => {
    const plan = await registrar.plan({ url: at, topics: wanted })
    const results = await settle({ url: at, topics: wanted }, await registrar.apply(plan, applying))
    expect(results.filter(({ state }) => state !== 'done')).toEqual([])
    return plan
  }

  describe(name, () => {
    beforeEach(async () => {
      fake = await subject.start()
      waits.length = 0
      secrets.length = 0
      registrar = make(token)
    })
    afterEach(async () => {
      await fake.close()
      expect(fake.problems).toEqual([])
    })

    test('plans, applies, lists and removes, and changes nothing a second time', async () => {
      const before = await registrar.list()
      const plan = await registrar.plan({ url, topics: patterns })
      expect(fake.changes()).toBe(0)
      expect(plan.map.topics).toEqual(topics)
      expect(new Set(plan.steps.map((step) => step.do))).toEqual(new Set(['create']))
      const printed = JSON.stringify(plan)
      const results = await registrar.apply(JSON.parse(printed) as Plan, applying)
      const state = subject.confirm ? 'pending' : 'done'
      expect(results.map((each) => each.state)).toEqual(plan.steps.map(() => state))
      await settle({ url, topics: patterns }, results)
      if (!lacks('topics')) expect(await topicsAt(url)).toEqual(topics)
      else expect(await found(url)).toHaveLength(1)

      const changes = fake.changes()
      expect((await registrar.plan({ url, topics: patterns })).steps).toEqual([])
      expect(await registrar.apply(plan, applying)).toEqual([])
      expect(fake.changes()).toBe(changes)

      const held = [...secrets, applying.secret ?? token, token]
      for (const secret of held) {
        expect(printed + JSON.stringify(results)).not.toContain(secret)
        expect(inspect(await registrar.list(), { depth: 9 })).not.toContain(secret)
      }
      if (lacks('remove')) return
      const removed = await registrar.remove({ url })
      expect(removed.length).toBeGreaterThan(0)
      expect(await registrar.list()).toEqual(before)
      expect(await registrar.remove({ url })).toEqual([])
    })

    const followsTopics = async (): Promise<void> => {
      await register(url, patterns)
      await register(url, others)
      expect(await topicsAt(url)).toEqual(registrar.map(others).topics)
      expect((await registrar.plan({ url, topics: others })).steps).toEqual([])
    }
    if (!lacks('topics')) test('follows the topics of the code', followsTopics)

    test('moves an endpoint from a former URL, and leaves others alone', async () => {
      await register(old, patterns)
      const strangers = (await registrar.list()).filter((endpoint) => endpoint.url !== old)
      if (!lacks('foreign')) expect(strangers.length).toBeGreaterThan(0)
      const plan = await registrar.plan({ url, topics: patterns, previousUrls: [old] })
      const results = await settle(plan.want, await registrar.apply(plan, applying))
      expect(results.filter(({ state }) => state !== 'done')).toEqual([])
      expect(await found(old)).toEqual([])
      expect(await found(url)).not.toEqual([])
      const ids = (await registrar.list()).map(({ id }) => id)
      expect(ids).toEqual(expect.arrayContaining(strangers.map(({ id }) => id)))
    })

    test('rejects a plan that the sender has outrun, before it sends a change', async () => {
      const stale = await registrar.plan({ url, topics: patterns })
      await register(url, lacks('topics') ? patterns : others)
      if (lacks('topics')) {
        expect(await registrar.apply(stale, applying)).toEqual([])
        return
      }
      const changes = fake.changes()
      await expect(registrar.apply(stale, applying)).rejects.toMatchObject({ code: 'stale_plan' })
      expect(fake.changes()).toBe(changes)
    })

    test('waits as long as the sender asks, and no longer than its patience', async () => {
      fake.interrupt(limited(2))
      await registrar.list()
      expect(waits).toEqual([2000])
      fake.interrupt(limited(3600))
      await expect(registrar.list()).rejects.toMatchObject({
        code: 'rate_limited',
        retryAfter: 3_600_000,
      })
    })

    test('keeps tokens out of errors, of inspection and of the process title', async () => {
      const wrong = 'xoxe-wrong-token-0123456789abcdef'
      const denied = await make(wrong)
        .list()
        .catch((error: unknown) => error)
      expect(denied).toMatchObject({
        name: 'RegistrarError',
        code: subject.denied ?? 'unauthorized',
      })
      const gone = make(token, { api: 'http://127.0.0.1:9' })
      const away = await gone.list().catch((error: unknown) => error)
      expect(away).toMatchObject({ name: 'RegistrarError', code: 'unavailable' })
      for (const error of [denied, away]) {
        const shown = inspect(error, { depth: 9, showHidden: true })
        expect(shown).not.toContain(wrong)
        expect(shown).not.toContain(token)
      }
      expect(inspect(registrar, { depth: 9, showHidden: true })).not.toContain(token)
      expect(process.title + process.argv.join(' ')).not.toContain(token)
    })

    test('a session that is killed at any request leaves nothing, and what others have stays', async () => {
      process.env['XDG_STATE_HOME'] = await temporaryFolder('state')
      if (subject.single) await register(old, patterns)
      const before = await registrar.list()
      const stays = JSON.stringify(before)
      let isOver = false
      for (let at = 0; !isOver; at++)
        for (const isSent of [false, true]) {
          const session = newSession(0, sessionId())
          const dying = await killedAt(at, isSent, session)
          isOver = !dying
          const [file] = sessions().filter(({ id }) => id === session.id)
          if (dying && at === 0 && !isSent) expect(await registrar.list()).toEqual(before)
          for (const made of file?.made ?? []) {
            const late = await undo(made, registrar, applying.secret).catch(String)
            // A text means that nothing was made, and the process died before it knew an id. The request may still
            // arrive.
            if (typeof late === 'string') expect(late).toContain('may still have its effect')
            else expect(late.length + made.ids.length).toBeGreaterThan(0)
            await undo({ ...made, at: 0 }, registrar, applying.secret)
          }
          expect(JSON.stringify(await registrar.list())).toBe(stays)
          const held = [...secrets, applying.secret ?? token, token]
          for (const secret of held) expect(JSON.stringify(file ?? '')).not.toContain(secret)
        }
    })

    /**
     * Registers in a session whose process dies at request `at`, before the request is sent or before its reply
     * arrives. Resolves with false if there is no such request.
     */
    async function killedAt(
      at: number,
      isSent: boolean,
      session: ReturnType<typeof newSession>,
    ): Promise<boolean> {
      let count = -1
      let die = (): void => undefined
      const dead = new Promise<void>((resolve) => (die = resolve))
      const fetchOf: typeof fetch = async (...request) => {
        if (count >= 0 && count++ >= at) {
          if (count === at + 1 && isSent) await (await fetch(...request)).arrayBuffer()
          die()
          return new Promise(() => undefined)
        }
        return fetch(...request)
      }
      const job: Job = {
        sender: { name: registrar.provider, title: name, provider: registrar.provider },
        registrar: make(token, { fetch: fetchOf }),
        topics: patterns,
        options: {},
        variable: 'SECRET',
        secret: applying.secret,
        made: undefined,
      }
      const planned = await planFor(job, url, [], true)
      count = 0
      const whole = registerFor(job, planned, session).then(() => false)
      whole.catch(() => undefined)
      return Promise.race([whole, dead.then(() => true)])
    }

    const { more } = subject
    if (more)
      test('lists every page', async () => {
        const before = await registrar.list()
        for (let at = 0; at < 520; at++) more(fake, at)
        const requests = fake.requests.length
        const after = await registrar.list()
        expect(after).toHaveLength(before.length + 520)
        expect(new Set(after.map(({ id }) => id)).size).toBe(after.length)
        expect(fake.requests.length - requests).toBeGreaterThan(2)
      })

    if (subject.single)
      test('does not take the one URL from another receiver, until previousUrls names it', async () => {
        await register(old, patterns)
        const changes = fake.changes()
        const rejected = registrar.plan({ url, topics: patterns })
        await expect(rejected).rejects.toMatchObject({
          code: 'taken',
          message: expect.stringContaining(new URL(old).host),
        })
        expect(fake.changes()).toBe(changes)
      })

    const { disable, secretOf, shownSecret, fail } = subject
    if (disable)
      test('tells that an endpoint is off, leaves it off, and turns it on when asked', async () => {
        await register(url, patterns)
        const { id } = (await found(url))[0]!
        expect(await registrar.status({ url })).toMatchObject(
          [...(await found(url))].map(() => ({ delivering: true })),
        )
        disable(fake, id)
        const off = (await registrar.status({ url })).find((each) => each.id === id)
        expect(off).toMatchObject({ delivering: false, enabled: false })
        const plan = await registrar.plan({ url, topics: patterns })
        expect(plan.steps).toEqual([])
        expect(plan.warnings).toContainEqual(expect.stringContaining('turned off'))
        await registrar.enable!(id)
        const on = (await registrar.status({ url })).find((each) => each.id === id)
        expect(on).toMatchObject({ delivering: true, enabled: true })
      })

    if (shownSecret)
      test('hands out a secret that the sender shows, when it was lost', async () => {
        await register(url, patterns)
        const { id } = (await found(url))[0]!
        const told: NewSecret[] = []
        await registrar.reveal!(id, { onSecret: (each) => told.push(each) })
        const secret = shownSecret(fake, id)
        expect(told).toEqual([{ provider: registrar.provider, endpoint: id, url, secret }])
        expect(secret).toMatch(/.{10}/)
      })

    if (secretOf)
      test('rotates a secret, which reaches the receiver', async () => {
        await register(url, patterns)
        const { id } = (await found(url))[0]!
        const before = secretOf(fake, id)
        const told: NewSecret[] = []
        let during: unknown
        await registrar.rotate!(id, {
          onSecret(each) {
            told.push(each)
            during = secretOf(fake, id)
          },
        })
        expect(told).toMatchObject([{ endpoint: id, url, provider: registrar.provider }])
        expect(secretOf(fake, id)).toBe(told[0]!.secret)
        expect(before).not.toBe(told[0]!.secret)
        expect(during).toBe(subject.rotatedBy === 'sender' ? told[0]!.secret : before)
        expect((await registrar.plan({ url, topics: patterns })).steps).toEqual([])
      })

    if (fail)
      test('tells the last failures of an endpoint', async () => {
        await register(url, patterns)
        const { id } = (await found(url))[0]!
        const expected = fail(fake, id)
        const failed = (await registrar.status({ url })).find((each) => each.id === id)
        expect(failed!.failures).toEqual([expected])
      })

    test.each(NONSENSE)(
      'takes the answer %j for what it is: nothing but a RegistrarError is thrown',
      async (json) => {
        fake.interrupt({ json })
        const found = await registrar.list().catch((error: unknown) => error)
        if (!Array.isArray(found)) expect(found).toMatchObject({ name: 'RegistrarError' })
      },
    )

    test('rejects options that nobody knows, and a token that is empty', () => {
      expect(() => make(token, { colour: 'red' } as object)).toThrow(/unknown option colour/)
      expect(() => make(' ')).toThrow(TypeError)
    })
  })
}

const NONSENSE: readonly unknown[] = [
  null,
  7,
  'text',
  [],
  [null, 7],
  {},
  { data: null, items: 7, list: 'text', webhooks: {}, result: [], manifest: 7 },
  {
    data: [null],
    items: [7],
    list: [null],
    webhooks: ['text'],
    sinks: [null],
    subscriptions: [[]],
  },
  { ok: true, result: { url: 7, allowed_updates: 'text' }, manifest: { settings: [] } },
  { data: { webhooks: { nodes: [null] }, webhookSubscriptions: { nodes: 7 } }, errors: [] },
]

function defaultLimited(seconds: number): FakeAnswer {
  return {
    status: 429,
    headers: { 'retry-after': String(seconds) },
    json: { message: 'slow down' },
  }
}
