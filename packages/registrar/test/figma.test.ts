import { figmaRegistrar } from '../src/figma.ts'
import { testRegistrar } from './contract.ts'
import { FIGMA_TOKEN, startFigma } from './fakes/figma.ts'

testRegistrar('Figma', {
  start: () => startFigma(),
  make: (options, token) =>
    figmaRegistrar({ ...options, token, context: 'team', contextId: '123456' }),
  token: FIGMA_TOKEN,
  url: 'https://app.example/figma',
  old: 'https://old.example/figma',
  patterns: ['FILE_UPDATE', 'LIBRARY_PUBLISH'],
  topics: ['FILE_UPDATE', 'LIBRARY_PUBLISH'],
  others: ['FILE_UPDATE', 'FILE_COMMENT'],
  apply: { secret: 'a-secret-of-the-receiver-0123456789' },
  disable: (fake, id) =>
    Object.assign(
      fake.rows.find((each) => each.id === id),
      { status: 'PAUSED' },
    ),
  secretOf: (fake, id) => fake.rows.find((each) => each.id === id).passcode,
})
