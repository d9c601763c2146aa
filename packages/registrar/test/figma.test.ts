import { figmaRegistrar } from '../src/figma.ts'
import { testRegistrar } from './contract.ts'
import { FIGMA_TOKEN, startFigma } from './fakes/figma.ts'
import { member, off } from './fakes/rows.ts'

testRegistrar('Figma', {
  start: () => startFigma(),
  make: (options, token) =>
    figmaRegistrar({ ...options, token, context: 'team', contextId: '123456' }),
  token: FIGMA_TOKEN,
  patterns: ['FILE_UPDATE', 'LIBRARY_PUBLISH'],
  topics: ['FILE_UPDATE', 'LIBRARY_PUBLISH'],
  others: ['FILE_UPDATE', 'FILE_COMMENT'],
  apply: { secret: 'a-secret-of-the-receiver-0123456789' },
  disable: off({ status: 'PAUSED' }),
  secretOf: member('passcode'),
})
