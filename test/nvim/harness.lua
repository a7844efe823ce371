-- What the cases stand on: a store, somebody else on its socket, and a Neovim with the plugin.
--
--   nvim --headless --clean --cmd 'set rtp^=PLUGIN' -l FILE TRANSPORT COMMAND...
--
-- COMMAND is `orion` with whatever chooses the store. Each case prints one line of JSON: its name, and what was wrong.
local M = {}

local words = { unpack(arg) }
M.transport = table.remove(words, 1)
M.orion = words
M.patience_ms = 60000

function M.wait(what, holds, time_ms)
  local ok = vim.wait(time_ms or M.patience_ms, holds, 5)
  if not ok then
    error('waited in vain for ' .. what .. '\nmessages: ' .. vim.inspect(M.messages) .. '\nlines: ' .. vim.inspect(M.lines()), 2)
  end
end

function M.same(got, expected, what)
  if not vim.deep_equal(got, expected) then
    error(('%s: expected %s, got %s'):format(what or 'value', vim.inspect(expected), vim.inspect(got)), 2)
  end
end

function M.holds(value, what)
  if not value then
    error(('expected %s\nlines: %s\nmessages: %s'):format(what, vim.inspect(M.lines()), vim.inspect(M.messages)), 2)
  end
  return value
end

--- The lines of a buffer; of the current one by default.
function M.lines(buffer)
  return vim.api.nvim_buf_get_lines(buffer or 0, 0, -1, false)
end

function M.text(buffer)
  return table.concat(M.lines(buffer), '\n')
end

function M.shows(pattern, buffer)
  return M.text(buffer):find(pattern, 1, true) ~= nil
end

function M.wait_shown(pattern, buffer)
  M.wait('the text ' .. pattern, function()
    return M.shows(pattern, buffer)
  end)
end

--- Messages that the plugin has given, instead of showing them.
M.messages = {}
vim.notify = function(text)
  table.insert(M.messages, text)
end

function M.told(pattern)
  for _, text in ipairs(M.messages) do
    if text:find(pattern, 1, true) then
      return true
    end
  end
  return false
end

function M.wait_told(pattern)
  M.wait('the message ' .. pattern, function()
    return M.told(pattern)
  end)
  M.messages = {}
end

--- Runs the program to its end and gives its JSON.
function M.run(...)
  local command = vim.list_extend(vim.list_slice(M.orion), { '--json', ... })
  local told = vim.system(command, { text = true }):wait()
  assert(told.code == 0, told.stderr)
  return told.stdout ~= '' and vim.json.decode(told.stdout) or nil
end

--- Somebody else, on the daemon's socket.
function M.connect(narrow)
  local endpoint = M.run('endpoint')
  local rpc = vim.lsp.rpc.connect(endpoint.socket)({})
  local peer = { rpc = rpc, pid = endpoint.pid }
  function peer.try(method, params)
    local answer
    rpc.request(method, params, function(err, result)
      answer = { error = err, result = result }
    end)
    M.wait('an answer to ' .. method, function()
      return answer ~= nil
    end)
    return answer
  end
  function peer.call(method, params)
    local answer = peer.try(method, params)
    assert(answer.error == nil, method .. ': ' .. vim.inspect(answer.error))
    return answer.result
  end
  peer.call('initialize', { client = { name = 'rival', kind = 'script' }, narrow = narrow })
  return peer
end

--- Begins anew: no buffers but an empty one, one window, usual settings.
function M.fresh(settings)
  vim.cmd('silent! tabonly!')
  vim.cmd('silent! only!')
  vim.cmd.enew({ bang = true })
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if buffer ~= vim.api.nvim_get_current_buf() then
      pcall(vim.api.nvim_buf_delete, buffer, { force = true })
    end
  end
  M.messages = {}
  local base = { cmd = M.orion, transport = M.transport }
  require('orion').setup(vim.tbl_extend('force', base, settings or {}))
end

local failed = false

--- Runs one case.
function M.case(name, run)
  M.fresh()
  local ok, problem = xpcall(run, debug.traceback)
  failed = failed or not ok
  io.stdout:write(vim.json.encode({ name = name, error = not ok and problem or vim.NIL }), '\n')
  io.stdout:flush()
end

function M.finish()
  require('orion.store').close_all()
  vim.cmd(failed and 'cquit 1' or 'quitall!')
end

-- A Neovim that was only unpacked does not find its parsers, which the filetype of its help wants.
vim.cmd('filetype plugin off')
vim.cmd('runtime! plugin/orion.lua')
return M
