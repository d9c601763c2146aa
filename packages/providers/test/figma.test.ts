import { describe, expect, test } from 'vitest'
import { figma } from '../src/figma.ts'
import { deliver } from './deliver.ts'

const provider = figma({ passcode: 'secretpasscode' })

describe('figma', () => {
  test('answers 400 to whatever has no right passcode', async () => {
    const bodies = [
      '{"event_type":"PING"}',
      '{"passcode":["secretpasscode"]}',
      'passcode',
      '',
      '[]',
    ]
    const { statuses } = await deliver(
      provider,
      bodies.map((body) => ({ url: 'https://example.com/', body })),
    )
    expect(statuses).toEqual([400, 400, 400, 400, 400])
  })

  test('keeps the parts of a library apart', async () => {
    const part = (name: string): object => ({ created_components: [{ name }] })
    const draft = { topic: 'LIBRARY_PUBLISH', at: 0 }
    const first = provider.sign!({ ...draft, payload: part('a') })
    const second = provider.sign!({ ...draft, payload: part('b') })
    const { events } = await deliver(provider, [first, second, first])
    expect(events).toHaveLength(2)
  })
})
