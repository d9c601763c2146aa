const { createReceiver } = require('@postern/core')
const { webhook } = require('@postern/express')
const { github } = require('@postern/providers')
const { exchange } = require('./exchange.cjs')

exchange({ createReceiver, github, webhook }).catch((error) => {
  console.error(error)
  process.exitCode = 1
})
