--- `:checkhealth orion`. It starts nothing but the program's own `--version`.
local config = require('orion.config')
local program = require('orion.program')
local safe = require('orion.safe')
local stores = require('orion.store')

local M = {}

local function check_program(root)
  local command, problem = program.command(root)
  if not command then
    vim.health.error(safe.line(problem.message), { problem.remedy })
    return
  end
  vim.health.ok('program: ' .. safe.line(table.concat(command, ' ')))
  local version_command = { command[1] }
  -- What stands before the store belongs to the program (`node …/orion.mjs`).
  for index = 2, #config.get().cmd do
    if vim.startswith(command[index], '-') then
      break
    end
    table.insert(version_command, command[index])
  end
  table.insert(version_command, '--version')
  local ok, told = pcall(function()
    return vim.system(version_command, { text = true, cwd = root }):wait(10000)
  end)
  if ok and told.code == 0 then
    vim.health.ok('version ' .. safe.line(vim.trim(told.stdout)))
  else
    vim.health.error('it does not run: ' .. safe.line(ok and vim.trim(told.stderr or '') or told), { 'Node 20.19 or later is needed' })
  end
end

local function check_connection(store)
  if store.problem then
    vim.health.error(safe.line(store.problem.message or store.problem.kind), { store.problem.remedy or ':Orion reconnect' })
  elseif store.state ~= 'ready' then
    vim.health.info(('connection: %s; :Orion status connects'):format(store.state))
  else
    local hello = store.hello
    vim.health.ok(('connected by %s to %s %s'):format(config.get().transport, hello.server.name, hello.server.version))
    vim.health.info(('as %s, who may %s'):format(safe.line(hello.principal), table.concat(hello.scopes, ', ')))
    if not vim.tbl_contains(hello.scopes, 'approve') then
      vim.health.warn('proposals can’t be approved with these rights')
    end
    for _, warning in ipairs(hello.warnings or {}) do
      vim.health.warn(safe.line(type(warning) == 'table' and (warning.message or vim.inspect(warning)) or warning))
    end
  end
end

function M.check()
  vim.health.start('orion: the editor')
  if vim.fn.has('nvim-0.10') == 1 then
    vim.health.ok('Neovim ' .. tostring(vim.version()))
  else
    vim.health.error('Neovim 0.10 or later is needed')
  end
  local problems = config.problems()
  for _, problem in ipairs(problems) do
    vim.health.error('setup: ' .. safe.line(problem))
  end
  if #problems == 0 then
    vim.health.ok('settings')
  end
  local store = stores.current()
  vim.health.start('orion: the program')
  check_program(store.root)
  vim.health.start('orion: the store of ' .. safe.line(store.root))
  check_connection(store)
end

return M
