import { inertText } from '@postern/core/inert'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { auditBadge, auditCard, auditHandler, battery, type AuditCard } from '../src/audit.ts'
import { acme } from '../src/acme.ts'

const secret = 'whsec_a secret of the audit'

describe('the card of an audit', () => {
  test('counts every case once, and says what cost the grade', async () => {
    const provider = acme({ secret })
    const report = await auditHandler(() => new Response(null, { status: 200 }), { provider })
    const card = auditCard(report)
    expect([card.sender, card.grade]).toEqual(['acme', 'F'])
    expect(card.costs[0]).toMatchObject({ id: 'verify:accepted', severity: 'critical' })
    expect(card.costs[0]!.cases).toBeGreaterThan(10)
    const { passed, failed, skipped, unknown } = card
    const others = report.notes.length + report.unconfirmed.length
    const all = await battery(provider, {})
    // Without an observer, all effects that were not seen count as one `unknown`.
    expect(passed + failed + skipped + unknown + others).toBeGreaterThanOrEqual(all.length)
    expect(JSON.stringify(card)).not.toContain(secret)
  })
})

describe('the badge of an audit', () => {
  const card: AuditCard = {
    sender: 'acme',
    grade: 'A',
    reason: '',
    passed: 83,
    failed: 0,
    skipped: 12,
    unknown: 0,
    costs: [],
  }

  test('shows the grade in text, and loads nothing', () => {
    const svg = auditBadge(card)
    expect(svg).toContain('A · 83 passed')
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|href|<style/)
    expect(auditBadge({ ...card, grade: 'D', failed: 2 })).toContain('D · 2 failed')
  })

  test('is well-formed for every name, and no name adds an element', () => {
    const count = (svg: string): number => svg.split('<').length
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), (sender) => {
        const svg = auditBadge({ ...card, sender: `${sender}"'<&>]]>` })
        expect(count(svg)).toBe(count(auditBadge(card)))
        expect(svg).not.toMatch(/&(?!#\d+;)/)
        const [, title = ''] = /<title>(.*)<\/title>/s.exec(svg)!
        const read = title.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
        expect(read).toContain(inertText(`${sender}"'<&>]]>`))
        // Characters that XML 1.0 cannot hold.
        expect(svg).not.toMatch(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u)
      }),
    )
  })

  test('is not made without a grade', () => {
    const { grade: _, ...rest } = card
    expect(() => auditBadge(rest)).toThrow('card: grade must be set, got undefined')
  })
})
