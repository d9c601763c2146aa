// Takes 5 s.
import { expect, test } from 'vitest'
import { audited, explained, PATIENT } from './audit.ts'
import { sealedBy, SIGNERS } from './everyone.ts'
import { clean } from './spoils/spoil.ts'
import { SPOILS } from './spoils/spoils.ts'

// The two mistakes that are made most, for each sender that can sign: the rest of the table is in everyone.test.ts.
const reserialized = SPOILS.filter(({ cause }) => cause === 'body-reserialized')[1]!
const blank = SPOILS.find(({ cause }) => cause === 'secret-whitespace')!
// Nothing proves that the secret is another: 20,000 tries say no more than a few hundred.
const FEW = 500
const BODY = '{"id":"e1","type":"a.b","data":{"list":[1,2.50],"text":"ü / x"}}'

test.each(SIGNERS)(
  'of %s a body that was written again and a blank in the secret are proven',
  async (name) => {
    const own = sealedBy(name, 'each')!
    // Linear reads the time that counts in its body.
    const isFree = own.provider().covers.body === 'bytes' && name !== 'linear'
    const sealed = (isFree ? sealedBy(name, 'each', BODY) : undefined) ?? own
    for (const spoil of [reserialized, blank]) {
      const cell = await audited(spoil, sealed)
      // Nothing of what is spoilt may be there: a body that is no JSON, a secret that lies elsewhere.
      if (cell) expect(cell.right, cell.said).toBe(true)
    }
    const other = { ...clean(sealed), provider: sealed.provider(sealed.other) }
    const { verdict, findings } = await explained(other, PATIENT, FEW)
    expect(verdict).toBe('refused')
    expect(findings.length).toBeGreaterThan(0)
  },
)
