import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { adyenEntry } from '../src/adyen.ts'
import { signedFields } from '../src/schemes/adyen.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: [
    '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
    'DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00',
  ],
  draft: { topic: 'CAPTURE', id: '7914073381342284:CAPTURE:true', payload: {} },
  covered,
} as const

testProvider({ ...adyenEntry, vectors: vectors('adyen'), sign }, { describe, test })

interface Item {
  readonly additionalData: { readonly hmacSignature: string }
}

// Of an item Adyen signs eight fields; the signature lies beside them.
function covered(body: Uint8Array): unknown {
  try {
    const { notificationItems } = JSON.parse(new TextDecoder().decode(body)) as {
      readonly notificationItems: readonly { readonly NotificationRequestItem: Item }[]
    }
    return notificationItems.map(({ NotificationRequestItem: item }) => [
      signedFields(item),
      item.additionalData.hmacSignature,
    ])
  } catch {
    return undefined
  }
}
