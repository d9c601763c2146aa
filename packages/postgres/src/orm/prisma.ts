export { prismaSql } from '@postern/core/engine'
