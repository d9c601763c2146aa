import { explain } from '@postern/core/explain'
import { github } from '@postern/providers'
import { signed } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { createBudgets } from '../src/replies.ts'
import { createRemembered } from '../src/kept.ts'
import { createWalk } from '../src/search/walk.ts'
import { createLoopSlices } from '../src/turns.ts'

/** Runs a search through a payload to its end. Returns the number of steps, and the result. */
function walked(payload: unknown, path: readonly string[], value: unknown) {
  const step = createWalk(payload, { path, text: String(value), value })
  let steps = 1
  let found = step()
  for (; found === undefined; steps++) found = step()
  return { steps, found }
}

describe('a walk over a payload', () => {
  test('visits each pair of node and position once: nested lists do not double with each level', () => {
    let nested: unknown = 'leaf'
    for (let level = 0; level < 100; level++) nested = [nested]
    for (const length of [1, 28, 99]) {
      const path = ['x', ...Array.from({ length }, () => '0')]
      expect(walked({ x: nested }, path, 'nowhere')).toEqual({
        steps: expect.any(Number),
        found: false,
      })
      expect(walked({ x: nested }, path, 'nowhere').steps).toBeLessThan(5)
      expect(walked({ x: nested }, path, 'leaf').found).toBe(true)
    }
  })

  test('takes a step for each 10,000 nodes', () => {
    const wide = Array.from({ length: 100_000 }, (_, n) => ({ n }))
    const { steps, found } = walked(wide, ['n'], -1)
    expect(found).toBe(false)
    expect(steps).toBeGreaterThan(10)
  })

  test.each<[unknown, string[], unknown, boolean]>([
    [{ a: { b: 7 } }, ['a', 'b'], 7, true],
    [{ a: [{ b: 6 }, { b: 7 }] }, ['a', 'b'], 7, true],
    [{ a: [{ b: 6 }, { b: 7 }] }, ['a', '0', 'b'], 7, false],
    [{ a: [{ b: 6 }, { b: 7 }] }, ['a', '1', 'b'], 7, true],
    [{ a: null }, ['a'], 'null', true],
    [{ a: [] }, ['a'], '', false],
    [{ a: 7 }, ['a', 'b'], 7, false],
    [{ '0': { x: 1 } }, ['0', 'x'], 1, true],
    [{ a: 1 }, ['__proto__'], 1, false],
    ['plain', ['a'], 'plain', false],
  ])('%j has at %j the value %j: %j', (payload, path, value, found) => {
    expect(walked(payload, path, value).found).toBe(found)
  })
})

describe('turns', () => {
  test('each step is followed by a turn of the event loop, and the time held is counted', async () => {
    let clock = 0
    const turns = createLoopSlices(() => clock)
    let passed = 0
    const others = setInterval(() => passed++, 0)
    let steps = 0
    const found = await turns.run(() => {
      clock += 7
      return ++steps === 4 ? 'found' : undefined
    })
    clearInterval(others)
    expect([found, steps, turns.spent()]).toEqual(['found', 4, 28])
  })
})

describe('a visitor’s second of a minute', () => {
  test('is used up alone, and comes back', () => {
    let clock = 0
    const budgetOf = createBudgets(() => clock)
    budgetOf('ada').charge(999)
    budgetOf('ada').demand()
    budgetOf('ada').charge(1)
    expect(() => budgetOf('ada').demand()).toThrow('try again in 60 s')
    budgetOf('bob').demand()
    clock = 60_000
    budgetOf('ada').demand()
  })
})

describe('answers of explain', () => {
  test('are computed one at a time, once, and remembered if they are whole', async () => {
    const answers = createRemembered<string>()
    let running = 0
    let most = 0
    const asked: string[] = []
    const ask = (name: string, isWhole = true) =>
      answers(name, async () => {
        asked.push(name)
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        return { answer: name, isWhole }
      })
    await Promise.all([ask('a'), ask('b'), ask('a'), ask('c'), ask('a')])
    await ask('b')
    expect([asked, most]).toEqual([['a', 'b', 'c'], 1])
    await ask('cut', false)
    await ask('cut', false)
    expect(asked.slice(3)).toEqual(['cut', 'cut'])
    await expect(answers('bad', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await ask('bad')).toBe('bad')
  })

  test('a search gives the event loop a turn for each 256 KiB that it verifies', async () => {
    const request = await signed(github({ secret: 'one secret of GitHub' }), 'push', {
      text: 'x'.repeat(100_000),
    })
    const delivery = {
      method: 'POST',
      url: request.url,
      headers: [...request.headers] as [string, string][],
      body: new Uint8Array(await request.arrayBuffer()),
    }
    let turns = 0
    let isOver = false
    const count = (): void => {
      turns++
      if (!isOver) setTimeout(count)
    }
    setTimeout(count)
    const { stats } = await explain(delivery, github({ secret: 'another secret of it' }), {
      ms: 60_000,
    })
    isOver = true
    const slices = Math.floor((stats.attempts * delivery.body.byteLength) / (256 * 1024))
    expect(slices).toBeGreaterThan(10)
    expect(turns).toBeGreaterThan(slices / 2)
  })
})
