import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fill } from '@postern/samples'

const NOW = Date.UTC(2026, 10, 25, 12, 30, 15, 250)

describe('fill', () => {
  test.each([
    ['{{uuid}}', /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/],
    ['{{id:evt_}}', /^evt_[A-Za-z]{24}$/],
    ['{{id:}}', /^[A-Za-z]{24}$/],
    ['{{hex:32}}', /^[\da-f]{32}$/],
    ['{{digits:19}}', /^[1-9]\d{18}$/],
    ['{{email}}', /^[a-z]+\.\d{4}@example\.com$/],
    ['https://example.com/{{hex:8}}/{{digits:3}}', /^https:\/\/example\.com\/[\da-f]{8}\/\d{3}$/],
    ['{{amount}}.00', /^\d{3,4}\.00$/],
  ])('%s becomes a fresh string', (template, expected) => {
    expect(fill(template)).toMatch(expected)
    expect(fill(template)).not.toBe(fill(template))
  })

  test.each([
    ['{{now}}', '2026-11-25T12:30:15.250Z'],
    ['{{now:date}}', '2026-11-25'],
    ['{{now:s}}', 1_795_609_815],
    ['{{now:ms}}', 1_795_609_815_250],
    ['{{now-2h}}', '2026-11-25T10:30:15.250Z'],
    ['{{now+30d:date}}', '2026-12-25'],
    ['{{now+90s:s}}', 1_795_609_905],
    ['{{now-5m:ms}}', 1_795_609_515_250],
    ['{{now:s}}.000100', '1795609815.000100'],
  ])('%s is of the time given', (template, expected) => {
    expect(fill(template, { now: NOW })).toBe(expected)
  })

  test('numbers are numbers where they stand alone', () => {
    const filled = fill({ amount: '{{amount}}', number: '{{number:9}}' })
    expect(filled.amount).toSatisfy((value) => Number.isInteger(value) && value >= 100)
    expect(String(filled.number)).toMatch(/^[1-9]\d{8}$/)
    expect(typeof filled.number).toBe('number')
  })

  test('the same suffix is the same value in one call, and another in the next', () => {
    const template = {
      id: '{{uuid#order}}',
      url: 'https://example.com/{{uuid#order}}',
      list: ['{{uuid#order}}', '{{uuid#line}}', '{{number:6#n}}', 'n-{{number:6#n}}'],
    }
    const { id, url, list } = fill(template)
    expect(url).toBe(`https://example.com/${id}`)
    expect(list[0]).toBe(id)
    expect(list[1]).not.toBe(id)
    expect(list[3]).toBe(`n-${list[2]}`)
    expect(fill(template).id).not.toBe(id)
  })

  test('a given chance makes the same values again', () => {
    const template = [
      '{{uuid}}',
      '{{id:a}}',
      '{{amount}}',
      '{{email}}',
      '{{hex:5}}',
      '{{number:5}}',
    ]
    const chances = () => {
      let at = 0
      return () => (at++ % 17) / 17
    }
    expect(fill(template, { random: chances() })).toEqual(fill(template, { random: chances() }))
  })

  test.each([
    '{{nothing}}',
    '{{now:ns}}',
    '{{now+1y}}',
    '{{hex}}',
    '{{number:16}}',
    '{{amount:2}}',
    '{{}}',
    '{{toString}}',
    '{{now',
    'a {{uuid',
  ])('%s is a mistake', (template) => {
    expect(() => fill({ list: [template] })).toThrow(TypeError)
  })

  test('a wrong option is a mistake', () => {
    expect(() => fill('{{now}}', { now: Number.NaN })).toThrow(/^fill: now must be milliseconds/)
    const misspelt = { time: NOW } as object
    expect(() => fill('{{now}}', misspelt)).toThrow(/^fill: options must be .* got time;/)
  })

  test('what holds no placeholder is copied as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).includes('{{'))
        expect(fill(value)).toEqual(value)
      }),
    )
  })

  test('the template stays as it is', () => {
    const template = { id: '{{uuid}}', list: [{ at: '{{now}}' }] }
    const before = structuredClone(template)
    fill(template)
    expect(template).toEqual(before)
  })
})
