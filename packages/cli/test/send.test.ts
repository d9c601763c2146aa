import { describe, expect, test } from 'vitest'
import { paced } from '../src/send/pace.ts'
import { payloadOf } from '../src/send/payload.ts'
import { table } from '../src/print/table.ts'
import { widthOf } from '../src/print/width.ts'

const SAMPLE = { commits: [{ id: 1, message: 'a' }], ref: 'main' }

async function set(...changes: readonly string[]): Promise<unknown> {
  const made = (await payloadOf({ set: changes })) as (sample: unknown) => unknown
  return made(SAMPLE)
}

describe('--set', () => {
  test('changes one item of a list, adds the next, and makes lists and objects', async () => {
    expect(
      await set('commits.0.message=b', 'commits.1.id=2', 'labels.0.name=bug', 'a.b=c'),
    ).toEqual({
      commits: [{ id: 1, message: 'b' }, { id: 2 }],
      ref: 'main',
      labels: [{ name: 'bug' }],
      a: { b: 'c' },
    })
    expect(SAMPLE.commits[0]!.message).toBe('a')
  })

  test('values are JSON where they can be', async () => {
    expect(await set('ref=5', 'n="5"', 'e=', 't=true', 'l=[1]')).toMatchObject({
      ref: 5,
      n: '5',
      e: '',
      t: true,
      l: [1],
    })
    expect(Object.keys((await set('__proto__.x=1')) as object)).toContain('__proto__')
  })

  test('an index that the list has not is rejected', async () => {
    await expect(set('commits.3.id=1')).rejects.toThrow('--set commits.3: commits is a list of 1')
    await expect(set('commits.last=1')).rejects.toThrow('give an index from 0 to 1')
    await expect(payloadOf({ data: '5', set: ['a=1'] })).rejects.toThrow('--set needs an object')
  })
})

test('a rate is kept though replies are slow: the third goes while the first waits', async () => {
  let third = (): void => undefined
  const thirdWent = new Promise<void>((resolve) => (third = resolve))
  const went: number[] = []
  await paced(3, 1000, async (at) => {
    went.push(at)
    if (at === 2) third()
    await thirdWent
  })
  expect(went).toEqual([0, 1, 2])
})

test('columns are aligned though characters are wide', () => {
  const lines = table([
    ['name', 'state'],
    ['郵便局', 'a'],
    ['mail', 'b'],
  ]).split('\n')
  expect(lines.map((line) => widthOf(line.slice(0, line.search(/\S+$/))))).toEqual([8, 8, 8])
})
