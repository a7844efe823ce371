import { loadSqliteWasmEngine } from '../../../daemon/store/engine/sqlite-wasm-engine.ts'
import { engineConformance } from '../../conformance/engine.ts'

engineConformance('sqlite-wasm on the host', () => loadSqliteWasmEngine())
