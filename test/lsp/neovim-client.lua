-- Neovim's own language client against `orion lsp`: nvim --headless --clean -l neovim-client.lua COMMAND...
local orion = { unpack(arg) }
local seen = { messages = {}, shown = {} }

local function wait(what, holds)
  assert(vim.wait(60000, holds, 5), 'waited in vain for ' .. what)
end

local function run(...)
  local told = vim.system(vim.list_extend(vim.list_slice(orion), { '--json', ... }), { text = true }):wait()
  assert(told.code == 0, told.stderr)
  return told.stdout ~= '' and vim.json.decode(told.stdout) or nil
end

local id = assert(vim.lsp.start({
  name = 'orion',
  cmd = vim.list_extend(vim.list_slice(orion), { 'lsp' }),
  handlers = {
    ['window/showMessage'] = function(_, params)
      table.insert(seen.messages, params.message)
    end,
    ['window/showMessageRequest'] = function(_, params)
      seen.question = params.message
      return { title = seen.answer }
    end,
    ['window/showDocument'] = function(_, params)
      local path = vim.uri_to_fname(params.uri)
      seen.last = params.uri
      table.insert(seen.shown, { path = path, lines = vim.fn.readfile(path), mode = vim.fn.getfperm(vim.fs.dirname(path)) })
      return { success = true }
    end,
  },
}))
local client = assert(vim.lsp.get_client_by_id(id))
wait('the handshake', function()
  return client.initialized == true
end)

local function request(method, params)
  local answer
  local done = function(err, result)
    answer = { error = err and { code = err.code, message = err.message } or nil, result = result }
  end
  if vim.fn.has('nvim-0.11') == 1 then
    client:request(method, params, done)
  else
    client.request(method, params, done)
  end
  wait('an answer to ' .. method, function()
    return answer ~= nil
  end)
  return answer
end

local function execute(command, ...)
  return request('workspace/executeCommand', { command = command, arguments = { ... } })
end

seen.commands = client.server_capabilities.executeCommandProvider.commands
seen.empty = execute('orion.jobs').result.text
run('create', 'JobResult', '--data', '{"jobId":"unit\\u001b[31m-tests","status":"FAILURE"}')
wait('the failure', function()
  return #seen.messages > 0
end)
run('create', 'OrionInsight', '--id', 'plan', '--data', '{"summary":"before","domain":"lsp"}')
local token = run('token', 'create', '--name', 'agent:demo', '--scope', 'read,propose').token
run('proposal', 'create', '[{"op":"update","type":"OrionInsight","id":"plan","expectedVersion":1,"set":{"summary":"after"}}]', '--submit', '--token', token)
seen.jobs = execute('orion.jobs').result.text
seen.found = execute('orion.search', 'before').result.text
seen.unseen = execute('orion.approve')
seen.review = execute('orion.review').result.text
local actions = request('textDocument/codeAction', {
  textDocument = { uri = seen.last },
  range = { start = { line = 3, character = 0 }, ['end'] = { line = 3, character = 0 } },
  context = { diagnostics = {} },
}).result
seen.actions = vim.tbl_map(function(action)
  return action.command
end, actions)
seen.answer = 'No'
seen.refused = execute(actions[1].command, unpack(actions[1].arguments)).result
seen.answer = 'Yes'
seen.approved = execute(actions[1].command, unpack(actions[1].arguments)).result
seen.executed = execute(actions[3].command, unpack(actions[3].arguments)).result
seen.stored = run('get', 'OrionInsight', 'plan').data.summary
-- What becomes void while its review is open.
run('proposal', 'create', '[{"op":"update","type":"OrionInsight","id":"plan","expectedVersion":2,"set":{"summary":"late"}}]', '--submit', '--token', token)
execute('orion.review')
actions = request('textDocument/codeAction', {
  textDocument = { uri = seen.last },
  range = { start = { line = 0, character = 0 }, ['end'] = { line = 0, character = 0 } },
  context = { diagnostics = {} },
}).result
run('update', 'OrionInsight', 'plan', '--set', vim.json.encode({ domain = 'moved', summary = ('x'):rep(30000) }))
seen.void = execute(actions[1].command, unpack(actions[1].arguments))
seen.voided = execute('orion.review', actions[1].arguments[1]).result.text
seen.large = execute('orion.show', 'OrionInsight', 'plan').result.text
-- A daemon that dies between two commands.
vim.uv.kill(run('endpoint').pid, 'sigkill')
seen.again = execute('orion.insights').result.text
seen.wrong = { execute('orion.nosuch'), execute('orion.show', 1), execute('orion.approve', 'x', 'not a digest') }
seen.elsewhere = request('textDocument/codeAction', {
  textDocument = { uri = 'file:///etc/passwd' },
  range = { start = { line = 0, character = 0 }, ['end'] = { line = 0, character = 0 } },
  context = { diagnostics = {} },
}).result
request('shutdown')
client.rpc.notify('exit')
wait('the end', function()
  return client.rpc.is_closing()
end)
seen.left = vim.uv.fs_stat(seen.shown[1].path) ~= nil
io.stdout:write(vim.json.encode(seen), '\n')
