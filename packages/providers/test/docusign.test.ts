import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { docusignEntry } from '../src/docusign.ts'
import { vectors } from './vectors.ts'

testProvider({ ...docusignEntry, vectors: vectors('docusign') }, { describe, test })
