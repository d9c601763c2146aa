import { expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'
import { vectors } from './vectors.ts'

// Keys and ids that a dashboard shows near the secret. All are invented, but have the real form.
const HEX = '0123456789abcdef0123456789abcdef'
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  stripe: ['we_1PgafmB7WZ01zgkW6dKueIc5', 'sk_test_51Hxyz', 'rk_live_51Hxyz', 'pk_live_51Hxyz'],
  github: ['ghp_16C7e42F292c6912E7710c838347Ae178B4a', 'github_pat_11AAAAAAA0', 'ghs_abc'],
  slack: ['xoxb-17653672481-19874698323', 'xapp-1-A0-1-a', '1234567890.1234567890123'],
  shopify: [`shpat_${HEX}`, `shpca_${HEX}`],
  twilio: [`AC${HEX}`, `SK${HEX}`],
  sendgrid: ['SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf'],
  discord: ['80351110224678912', 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs'],
  gitlab: ['glpat-abcdefghijklmnopqrst'],
  linear: ['lin_api_0123456789'],
  paddle: ['pdl_live_apikey_01abc', 'pdl_sdbx_apikey_01abc', 'ntfset_01abc'],
  resend: ['re_123456789'],
  openai: ['sk-proj-abc', 'sk-abc'],
  anthropic: ['sk-ant-api03-abc'],
  clerk: ['sk_test_abc', 'pk_live_abc'],
  square: ['EAAAEabc', 'sq0atp-abc', 'sq0csp-abc'],
  hubspot: ['pat-na1-01234567-89ab-cdef'],
  telegram: ['110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'],
  notion: ['ntn_0123456789'],
  razorpay: ['rzp_live_0123456789'],
  workos: ['sk_live_abc', 'client_01abc'],
  figma: ['figd_abc'],
}

test.each(Object.entries(OTHERS))('%s says what another of its keys is', (name, others) => {
  const about = catalogue.get(name)!
  const { example, secretOption = '', setup } = about
  for (const secret of others)
    for (const given of [secret, ['right', secret], [{ secret, tenant: 'tenant' }]])
      expect(() => about.create({ ...example, [secretOption]: given })).toThrow(
        expect.objectContaining({
          name: 'TypeError',
          message: expect.stringMatching(`^${name}: ${secretOption}: `) as string,
        }),
      )
  expect(() => about.create({ ...example, [secretOption]: others[0] })).toThrow(
    `must be ${setup!.secret}`,
  )
  expect(() => about.create({ ...example, [secretOption]: others[0] })).not.toThrow(others[0])
})

test.each([...catalogue.values()])('$name takes each secret of its known answers', (about) => {
  const { secretOption, example } = about
  if (secretOption === undefined || about.name === 'generic')
    return expect(about.create(example)).toBeDefined()
  for (const { secret, extra } of vectors(about.name))
    for (const one of [secret ?? []].flat()) {
      const made = (): unknown => about.create({ ...example, ...extra, [secretOption]: one })
      try {
        expect(made()).toBeDefined()
      } catch (error) {
        // Blank secrets and unfilled templates of vectors have their own errors.
        expect(String(error)).not.toContain('give the right one')
      }
    }
})
