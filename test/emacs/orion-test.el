;;; orion-test.el --- Orion in a real Emacs, against a real daemon  -*- lexical-binding: t; -*-

;; emacs --batch -L plugins/emacs -l test/emacs/orion-test.el -f ert-run-tests-batch-and-exit
;; ORION_TEST_COMMAND is `orion' with whatever chooses the store, as a list.

(require 'ert)
(require 'orion)

(setq orion-command (read (getenv "ORION_TEST_COMMAND")))

(defun orion-test--run (&rest args)
  "What the program prints for ARGS."
  (with-temp-buffer
    (let ((code (apply #'call-process (car orion-command) nil '(t nil) nil
                       (append (cdr orion-command) '("--json") args))))
      (should (eq code 0))
      (goto-char (point-min))
      (if (eobp) nil (json-parse-buffer :object-type 'plist)))))

(defun orion-test--shows (words)
  "Wait until the current buffer shows WORDS."
  (let ((end (time-add nil 60)))
    (while (not (string-search words (buffer-string)))
      (when (time-less-p end nil)
        (ert-fail (format "waited in vain for %s in %s" words (buffer-string))))
      (accept-process-output nil 0.05))))

(ert-deftest orion-1-a-list-follows-what-others-write ()
  (orion-jobs)
  (orion-test--run "create" "JobResult" "--data" "{\"jobId\":\"unit\\u001b[31m-tests\",\"status\":\"FAILURE\"}")
  (orion-test--shows "unit\\u001b[31m-tests")
  (should-not (string-match-p "\u001b" (buffer-string))))

(ert-deftest orion-2-a-record-is-found-and-shown-and-follows ()
  (orion-test--run "create" "OrionInsight" "--id" "plan" "--data" "{\"summary\":\"before\",\"domain\":\"emacs\",\"extra\":{\"no\":false}}")
  (orion-search "before")
  (goto-char (point-min))
  (orion-open)
  (orion-test--shows "summary\n  before")
  (orion-test--run "update" "OrionInsight" "plan" "--set" "{\"tags\":[\"new\"]}")
  (orion-test--shows "[\"new\"]"))

(defun orion-test--propose (version)
  "Propose a change of the record at VERSION and return the id."
  (let ((token (plist-get (orion-test--run "token" "create" "--name" "agent:demo" "--scope" "read,propose") :token)))
    (plist-get (orion-test--run "proposal" "create"
                                (format "[{\"op\":\"update\",\"type\":\"OrionInsight\",\"id\":\"plan\",\"expectedVersion\":%d,\"set\":{\"summary\":\"after\"}}]" version)
                                "--submit" "--token" token)
               :id)))

(ert-deftest orion-3-a-proposal-is-reviewed-approved-after-a-question-and-carried-out ()
  (let ((id (orion-test--propose 2)))
    (orion-review id)
    (should (string-search "- summary: before\n  + summary: after" (buffer-string)))
    (cl-letf (((symbol-function 'yes-or-no-p) #'ignore)) (orion-approve))
    (should (string-search "pending, 0 of 1" (buffer-string)))
    (cl-letf (((symbol-function 'yes-or-no-p) #'always)) (orion-approve))
    (should (string-search "approved, 1 of 1" (buffer-string)))
    (orion-execute)
    (should (string-search "executed" (buffer-string)))
    (should (equal "after" (plist-get (plist-get (orion-test--run "get" "OrionInsight" "plan") :data) :summary)))))

(ert-deftest orion-4-a-proposal-that-becomes-void-says-so-and-is-not-approved ()
  (let ((id (orion-test--propose 3)))
    (orion-review id)
    (orion-test--run "update" "OrionInsight" "plan" "--set" "{\"domain\":\"moved\"}")
    (orion-test--shows "has moved: the proposal is void")
    (should-error (orion-approve) :type 'user-error)))

(ert-deftest orion-5-a-daemon-that-is-killed-is-found-again ()
  (orion-insights)
  (signal-process (plist-get (orion-test--run "endpoint") :pid) 'SIGKILL)
  (orion-test--run "create" "OrionInsight" "--data" "{\"summary\":\"after the end\",\"domain\":\"emacs\"}")
  (orion-test--shows "after the end"))

(ert-deftest orion-6-what-is-wrong-is-told-with-what-to-do ()
  (should (string-search "there is no" (cadr (should-error (orion-show "NoSuchType" "x") :type 'user-error))))
  (let ((orion-command '("no-such-orion")) (orion--connections (make-hash-table :test #'equal)))
    (should (string-search "install it" (cadr (should-error (orion-jobs) :type 'user-error))))))

(ert-deftest orion-7-a-program-that-a-repository-brings-is-not-run ()
  (let* ((root (file-truename (make-temp-file "orion" t)))
         (exec-path (cons root exec-path)) (orion-command '("orion-trap")))
    (with-temp-file (expand-file-name "orion-trap" root) (insert "#!/bin/sh\n"))
    (set-file-modes (expand-file-name "orion-trap" root) #o755)
    (should (string-search "is part of this repository"
                           (cadr (should-error (orion--program root) :type 'user-error))))))

(defun orion-test--replace (from to)
  "Write TO for FROM in what is edited."
  (goto-char (point-min))
  (search-forward from)
  (replace-match to t t))

(defun orion-test--data (id)
  "The stored data of the insight ID, as text."
  (json-serialize (plist-get (orion-test--run "get" "OrionInsight" id) :data) :null-object :null :false-object :false))

(ert-deftest orion-8-what-is-changed-is-saved-and-null-stays-null ()
  (orion-test--run "create" "OrionInsight" "--id" "nested" "--data"
                   "{\"summary\":\"old \u202e\",\"domain\":\"emacs\",\"extra\":{\"none\":null,\"no\":false,\"empty\":{},\"list\":[null,{}],\"big\":9007199254740991,\"small\":0.1}}")
  (orion-show "OrionInsight" "nested")
  (should (string-search "\"none\":null,\"no\":false,\"empty\":{}" (buffer-string)))
  (call-interactively #'orion-edit)
  (should (string-search "\"none\": null" (buffer-string)))
  (should-not (string-search "\u202e" (buffer-string)))
  (orion-test--replace "\"old " "\"new ")
  (orion-test--replace "0.1" "0.25")
  (orion-save)
  (should-not (buffer-modified-p))
  (let* ((stored (orion-test--run "get" "OrionInsight" "nested")) (data (plist-get stored :data)))
    (should (equal 2 (plist-get stored :version)))
    (should (equal "new \u202e" (plist-get data :summary)))
    (let ((extra (plist-get data :extra)))
      (should (equal '(:null :false nil 9007199254740991 0.25)
                     (mapcar (lambda (name) (plist-get extra name)) '(:none :no :empty :big :small))))
      (should (equal [:null nil] (plist-get extra :list)))))
  (orion-save)
  (should (equal 2 (plist-get (orion-test--run "get" "OrionInsight" "nested") :version)))
  (orion-test--replace "\"domain\"" "\"domain")
  (should (string-search "expected the JSON of an object" (cadr (should-error (orion-save) :type 'user-error))))
  (should (buffer-modified-p)))

(ert-deftest orion-9-whoever-comes-second-sees-theirs-and-saves-over-nothing-else ()
  (orion-test--run "create" "OrionInsight" "--id" "raced" "--data" "{\"summary\":\"first\",\"domain\":\"emacs\"}")
  (orion-edit "OrionInsight" "raced")
  (orion-test--replace "\"first\"" "\"mine\"")
  (orion-test--run "update" "OrionInsight" "raced" "--set" "{\"domain\":\"theirs\"}")
  (orion-save)
  (should (buffer-modified-p))
  (should (string-search "\"mine\"" (buffer-string)))
  (with-current-buffer orion--theirs
    (should (string-search "\"theirs\"" (buffer-string)))
    (should buffer-read-only))
  (should (equal 2 (plist-get (orion-test--run "get" "OrionInsight" "raced") :version)))
  ;; Once more somebody else is faster.
  (orion-test--run "update" "OrionInsight" "raced" "--set" "{\"tags\":[\"faster\"]}")
  (cl-letf (((symbol-function 'yes-or-no-p) #'always)) (orion-save))
  (should (equal 3 (plist-get (orion-test--run "get" "OrionInsight" "raced") :version)))
  (cl-letf (((symbol-function 'yes-or-no-p) #'ignore)) (orion-save))
  (should (equal 3 (plist-get (orion-test--run "get" "OrionInsight" "raced") :version)))
  (cl-letf (((symbol-function 'yes-or-no-p) #'always)) (orion-save))
  (let* ((stored (orion-test--run "get" "OrionInsight" "raced")) (data (plist-get stored :data)))
    (should (equal 4 (plist-get stored :version)))
    (should (equal '("mine" "theirs" ["faster"])
                   (mapcar (lambda (name) (plist-get data name)) '(:summary :domain :tags)))))
  (should-not orion--theirs)
  (should-not (buffer-modified-p)))

(ert-deftest orion-a-new-record-is-saved-and-one-that-does-not-fit-is-refused ()
  (orion-create "OrionInsight")
  (erase-buffer)
  (insert "{\"summary\": \"brand new\"}")
  (should (string-search "domain" (cadr (should-error (orion-save) :type 'user-error))))
  (erase-buffer)
  (insert "{\"summary\": \"brand new\", \"domain\": \"emacs\"}")
  (orion-save)
  (should (equal "brand new" (plist-get (plist-get (orion-test--run "get" "OrionInsight" (cdr orion--subject)) :data) :summary))))

(ert-deftest orion-b-what-is-too-large-is-cut-and-said-to-be ()
  (orion--request :record/create :type "OrionInsight" :id "large"
                  :data (list :summary (make-string 50000 ?x) :domain "emacs"))
  (orion-show "OrionInsight" "large")
  (should (string-search "too large to show: 20000 of 50000 characters" (buffer-string)))
  (should (< (buffer-size) 25000)))

(ert-deftest orion-c-a-store-of-a-newer-format-is-told-of-and-left-alone ()
  (let ((orion-command (read (getenv "ORION_TEST_NEWER"))) (orion--connections (make-hash-table :test #'equal)))
    (should (string-search "format 9000" (cadr (should-error (orion-jobs) :type 'user-error))))))

;;; orion-test.el ends here
