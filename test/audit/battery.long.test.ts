import { describe, expect, test } from 'vitest'
import { catalogue } from '@postern/providers/catalogue'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import { audit, auditHandler, battery, remedies, type AuditReport } from '@postern/testing/audit'
import { auditOwn, signers } from './own.ts'
import { handlerWith, SECRET, type Flaws } from './handlers.ts'

async function reportOf(flaws: Flaws, options: object = {}): Promise<AuditReport> {
  const { handle, provider, effect } = handlerWith(flaws)
  return auditHandler(handle, { provider, effect, patience: 100, ...options })
}

function idsOf(report: AuditReport): readonly string[] {
  return report.findings.map(({ id }) => id)
}

describe('a handler by hand that is right', () => {
  test('gets an A, and nothing is unknown', async () => {
    const report = await reportOf({})
    expect([report.grade, report.findings, report.unknown]).toEqual(['A', [], []])
    expect(report.passed).toContain('forged/one-byte')
    expect(report.passed).toContain('idempotency/at-once')
    for (const { reason } of report.skipped) expect(reason).not.toBe('')
  })

  test('gets a B at most if nobody counts its effects', async () => {
    const { handle, provider } = handlerWith()
    const report = await auditHandler(handle, { provider })
    expect([report.grade, report.findings]).toEqual(['B', []])
    expect(report.unknown.map(({ id }) => id)).toContain('idempotency/twice')
  })

  test('has no grade after a part of the battery', async () => {
    const report = await reportOf({}, { only: (id: string) => id.startsWith('forged/') })
    expect([report.grade, report.reason]).toEqual([undefined, 'some cases were left out'])
  })
})

describe.concurrent('a flaw is found, and only that one', () => {
  test.each<[string, Flaws, string, readonly string[]]>([
    ['no verification', { unsigned: true }, 'F', ['verify:accepted']],
    ['verifies what it parsed', { reserialised: true }, 'D', ['raw-body']],
    ['works first', { early: true }, 'F', ['verify:accepted']],
    ['knows no event again', { forgetful: true }, 'D', ['dedupe:effects']],
    ['throws', { throwing: true }, 'C', ['odd-bodies:error']],
    ['tells the right signature', { telling: true }, 'F', ['quiet:leak']],
    ['tells its stack', { stack: true }, 'C', ['stack:leak']],
  ])('%s', async (_name, flaws, grade, ids) => {
    const report = await reportOf(flaws)
    expect(report.grade).toBe(grade)
    expect(idsOf(report).filter((id) => ids.includes(id))).toEqual(expect.arrayContaining([...ids]))
    for (const { failures } of report.findings)
      for (const { came, request } of failures) {
        expect(came).not.toBe('')
        expect(request?.url).toBeDefined()
      }
  })

  test('what is done after the rejection comes to light', async () => {
    const only = (id: string): boolean => /^forged\/(?:one-byte|late-effects)$/.test(id)
    const report = await reportOf({ late: true }, { quiet: 60, only })
    expect(idsOf(report)).toContain('verify:accepted')
  })
})

describe.concurrent('the challenge of a sender', () => {
  const only = (id: string): boolean => id === 'authentic/handshake'
  const asking = signers.filter(({ challenge }) => challenge !== undefined)

  test.each(asking)('$name: our own receiver answers it', async (about) => {
    const example =
      about.name === 'meta' ? { ...about.example, verifyToken: 'a token' } : about.example
    const report = await auditOwn({ ...about, example }, { only })
    expect(report.passed).toEqual(['authentic/handshake'])
  })

  test.each(asking.filter(({ name }) => name !== 'meta'))(
    '$name: an answer without it is found',
    async (about) => {
      const provider = about.create(about.example)
      const report = await auditHandler(() => new Response('ok'), { provider, only })
      expect(report.findings.map(({ id, severity }) => [id, severity])).toEqual([
        ['handshake:reply', 'high'],
      ])
    },
  )

  test('it is no event', async () => {
    let runs = 0
    const handle = async (request: Request): Promise<Response> => {
      runs++
      return new Response(await request.text())
    }
    const provider = catalogue.get('slack')!.create({ signingSecret: 'a secret' })
    const report = await auditHandler(handle, { provider, effect: () => runs, only })
    expect(idsOf(report)).toEqual(['handshake:accepted'])
  })
})

describe.concurrent('cheats', () => {
  test('200 to all is an F', async () => {
    expect((await reportOf({ status: 200 })).grade).toBe('F')
  })

  test('401 to all has no grade: nothing genuine is taken', async () => {
    const report = await reportOf({ status: 401 })
    expect([report.grade, report.findings]).toEqual([undefined, []])
    expect(report.reason).toMatch(/^no baseline: a genuine delivery got 401/)
  })

  test('a counter of requests is an F: what was rejected had its effect too', async () => {
    expect((await reportOf({ counting: true })).grade).toBe('F')
  })

  test('an effect that nobody has gives no baseline', async () => {
    const { handle, provider } = handlerWith()
    const report = await auditHandler(handle, { provider, effect: () => 0, patience: 50 })
    expect(report.reason).toMatch(
      /^no baseline: one genuine delivery changed the count of effects by 0/,
    )
    await expect(auditHandler(handle, { provider, effect: () => 'many' as never })).rejects.toThrow(
      'audit: effect must return a number, got many',
    )
  })
})

test.each(['stripe', 'github', 'slack', 'twilio', 'mailgun', 'discord'])(
  'Postern’s own receiver of %s gets an A',
  async (name) => {
    const about = signers.find((one) => one.name === name)!
    const report = await auditOwn(about)
    expect([report.grade, report.findings, report.notes]).toEqual(['A', [], []])
  },
)

test('a receiver whose first effect takes longer than the patience has a baseline', async () => {
  const { handle, provider } = handlerWith()
  let effects = 0
  let slow = 400
  const later = async (request: Request): Promise<Response> => {
    const reply = await handle(request)
    setTimeout(() => void (effects += reply.ok ? 1 : 0), slow)
    slow = 0
    return reply
  }
  const report = await auditHandler(later, {
    provider,
    effect: () => effects,
    patience: 100,
    only: (id) => id === 'forged/no-signature',
  })
  expect([report.passed, report.reason]).toEqual([
    ['forged/no-signature'],
    'some cases were left out',
  ])
})

test('a failure that does not come again is no finding', async () => {
  const { handle, provider, effect } = handlerWith()
  let failed = false
  const once = async (request: Request): Promise<Response> => {
    if (failed || !(await request.clone().text()).includes('postern_audit')) return handle(request)
    failed = true
    return new Response(null, { status: 503 })
  }
  const report = await auditHandler(once, { provider, effect, patience: 100 })
  expect([report.grade, report.unconfirmed.length]).toEqual(['A', 1])
})

describe('the battery', () => {
  test('has the same cases for every sender, with a reason for each that does not apply', async () => {
    const [one, other] = await Promise.all([
      battery(stripe({ secret: SECRET })),
      battery(github({ secret: SECRET })),
    ])
    const idsIn = (cases: typeof one): readonly string[] =>
      cases.map(({ id }) => id).filter((id) => !id.startsWith('authentic/topic:'))
    expect(idsIn(one)).toEqual(idsIn(other))
    expect(new Set(idsIn(one)).size).toBe(idsIn(one).length)
    expect(one.length).toBeGreaterThan(75)
    for (const { what, why, remedy, skip } of one) {
      expect([what, why].every((text) => text.length > 5)).toBe(true)
      expect(remedies[remedy].does).toMatch(/\.$/)
      if (skip !== undefined) expect(skip).not.toBe('')
    }
  })

  test('has two lines of code for each remedy and kind of app', () => {
    for (const { lines } of Object.values(remedies))
      expect(Object.values(lines).map((one) => one.filter((line) => line !== '').length)).toEqual([
        2, 2, 2, 2, 2,
      ])
  })

  test('needs a provider that signs', async () => {
    const { sign: _, ...mute } = stripe({ secret: SECRET })
    await expect(audit({ provider: mute, send: async () => undefined })).rejects.toThrow(
      'audit: provider must be able to sign, got stripe',
    )
  })

  test('sends fresh ids in each run, whatever the seed is', async () => {
    const idOf = async (): Promise<unknown> => {
      const [first] = await battery(stripe({ secret: SECRET }), { seed: 7 })
      return (JSON.parse(Buffer.from(first!.sends()[0]![0]!.body).toString()) as { id: string }).id
    }
    expect(await idOf()).not.toBe(await idOf())
  })
})
