import { expect, test } from 'vitest'
import { adyenPlatform } from '../src/adyen-platform.ts'
import { deliver } from './deliver.ts'

const sign = {
  secrets: [
    '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
    'DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00',
  ],
  draft: {
    topic: 'balancePlatform.transfer.updated',
    id: 'T1:balancePlatform.transfer.updated:2024-12-15',
    payload: {},
  },
} as const

test('two updates of one resource are two events, one sent again is none', async () => {
  const provider = adyenPlatform({ hmacKey: sign.secrets[0] })
  const update = (at: number) =>
    provider.sign!({ at, payload: { data: { accountHolder: { id: 'AH1' } } } })
  const { statuses, events } = await deliver(provider, [update(0), update(1000), update(0)])
  expect(statuses).toEqual([200, 200, 200])
  expect(events.map((event) => event.id)).toEqual([
    'AH1:balancePlatform.transfer.updated:1970-01-01T00:00:00.000Z',
    'AH1:balancePlatform.transfer.updated:1970-01-01T00:00:01.000Z',
  ])
})
