// The samples are files beside the modules: they must be in the tarball, and where the bundled module looks for them.
import assert from 'node:assert/strict'
import { catalogue } from '@postern/providers'
import { fill, samples } from '@postern/testing'

for (const name of catalogue.keys()) {
  for (const sample of fill(await samples(name))) assert.ok(sample.topic && sample.payload, name)
}
