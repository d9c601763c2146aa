import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { adyenPlatformEntry } from '../src/adyen-platform.ts'
import { vectors } from './vectors.ts'

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

testProvider(
  { ...adyenPlatformEntry, vectors: vectors('adyen-platform'), sign },
  { describe, test },
)
