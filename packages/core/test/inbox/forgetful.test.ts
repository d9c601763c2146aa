import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createForgetful } from '../../src/inbox/forgetful.ts'

const keys = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `k${at}`)

function scene({ max = 25_000, window = 1000 } = {}) {
  const told: number[] = []
  const clock = { now: 0 }
  const known = createForgetful<string>(
    { max, dedupeWindow: window },
    () => clock.now,
    (left) => void told.push(left),
  )
  return { known, clock, told }
}

describe('a memory that forgets', () => {
  test('keeps as many as max, and then drops the oldest', () => {
    const { known, told } = scene()
    const all = keys(25_000)
    for (const key of all) known.set(key, `of ${key}`)
    expect(all.filter((key) => known.peek(key) !== `of ${key}`)).toEqual([])
    expect(told).toEqual([])
    known.set('one more', 'new')
    expect([known.peek('k0'), known.peek('k1'), known.peek('one more')]).toEqual([
      undefined,
      'of k1',
      'new',
    ])
  })

  test('drops from the tenant with most, and nothing of who is within their share', () => {
    const { known } = scene({ max: 100 })
    const quiet = keys(30)
    for (const key of quiet) known.set(key, 'quiet', 'quiet')
    for (let at = 0; at < 1000; at++) known.set(`loud${at}`, 'loud', 'loud')
    expect(quiet.filter((key) => known.peek(key) === undefined)).toEqual([])
    expect(known.peek('loud929')).toBeUndefined()
    expect(known.peek('loud930')).toBe('loud')
    for (let at = 0; at < 1000; at++) known.set(`new${at}`, 'new', 'new')
    expect(quiet.filter((key) => known.peek(key) === undefined)).toEqual([])
  })

  test('with more tenants than max the oldest entry goes, and the number of tenants is told', () => {
    const told: number[] = []
    let now = 0
    const known = createForgetful<string>(
      { max: 3, dedupeWindow: 1000 },
      () => now++,
      (_, tenants) => told.push(tenants),
    )
    for (const tenant of ['a', 'b', 'c', 'd']) known.set(`of ${tenant}`, tenant, tenant)
    expect(known.keys()).toEqual(['of b', 'of c', 'of d'])
    expect(told).toEqual([4])
  })

  test('shares it as a plain model does', () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 30 }),
      tenant: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      does: fc.constantFrom('set', 'set', 'set', 'delete'),
    })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(step, { maxLength: 200 }),
        (max, all) => {
          let now = 0
          const known = createForgetful<string>(
            { max, dedupeWindow: Infinity },
            () => now,
            () => {},
          )
          let model: { key: string; tenant: string }[] = []
          for (const { key: number, tenant, does } of all) {
            now++
            const key = `${tenant}${number}`
            model = model.filter((one) => one.key !== key)
            if (does === 'delete') known.delete(key)
            else {
              known.set(key, 'value', tenant)
              const count = (name: string): number =>
                model.filter((one) => one.tenant === name).length + (name === tenant ? 1 : 0)
              const most = Math.max(...model.map((one) => count(one.tenant)))
              if (model.length === max)
                model.splice(
                  count(tenant) > most
                    ? model.findIndex((one) => one.tenant === tenant)
                    : model.findIndex((one) => count(one.tenant) === most),
                  1,
                )
              model.push({ key, tenant })
            }
            expect(known.keys()).toEqual(model.map((one) => one.key))
          }
        },
      ),
    )
  })

  test('knows each entry for the window since it was set, though many came since', () => {
    const { known, clock } = scene()
    known.set('first', 'value')
    clock.now = 600
    for (const key of keys(12_000)) known.set(key, key)
    clock.now = 1000
    expect(known.peek('first')).toBe('value')
    clock.now = 1001
    expect(known.peek('first')).toBeUndefined()
    expect(known.peek('k0')).toBe('k0')
    clock.now = 1601
    expect(known.peek('k0')).toBeUndefined()
  })

  test('a look at an entry does not keep it', () => {
    const { known } = scene({ max: 2 })
    known.set('a', 'a')
    known.set('b', 'b')
    known.peek('a')
    known.set('c', 'c')
    expect([known.peek('a'), known.peek('b')]).toEqual([undefined, 'b'])
  })

  test('tells of a window that max made shorter, once an hour', () => {
    const { known, clock, told } = scene({ max: 1, window: 7_200_000 })
    for (const now of [0, 60_000, 3_599_999, 3_600_000]) {
      clock.now = now
      known.set(`at ${now}`, 'value')
      known.set(`beside ${now}`, 'value')
    }
    expect(told).toEqual([7_200_000, 7_199_999])
  })

  test('knows what a plain list of all entries would know, whatever is set again and deleted', () => {
    const key = fc.nat({ max: 40 }).map((at) => `k${at}`)
    const act = fc.tuple(fc.constantFrom('set', 'delete', 'wait'), key, fc.nat({ max: 9 }))
    fc.assert(
      fc.property(fc.nat({ max: 19 }), fc.array(act, { size: '+2' }), (more, acts) => {
        const max = more + 1
        const { known, clock } = scene({ max, window: 50 })
        let list: { readonly key: string; readonly value: string; readonly at: number }[] = []
        for (const [number, [what, name, time]] of acts.entries()) {
          if (what === 'wait') clock.now += time
          else list = list.filter((one) => one.key !== name)
          if (what === 'delete') known.delete(name)
          if (what !== 'set') continue
          known.set(name, `value ${number}`)
          list = [...list, { key: name, value: `value ${number}`, at: clock.now }].slice(-max)
        }
        for (let at = 0; at <= 40; at++)
          expect(known.peek(`k${at}`)).toBe(
            list.find((one) => one.key === `k${at}` && clock.now - one.at <= 50)?.value,
          )
      }),
    )
  })

  test('a deleted entry is not known, and makes room', () => {
    const { known, told } = scene({ max: 1 })
    known.set('a', 'a')
    known.delete('a')
    expect(known.peek('a')).toBeUndefined()
    known.set('b', 'b')
    expect(told).toEqual([])
  })
})
